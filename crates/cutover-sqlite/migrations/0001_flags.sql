-- Flags. Texts are JSON with a checksum (xxh3, 128 bits, of the text), so that a row that was
-- damaged or edited by hand is told from one that cutover wrote.

-- The flags of each environment: one row, replaced by every commit.
CREATE TABLE flag_documents (
    environment TEXT    NOT NULL PRIMARY KEY,
    revision    INTEGER NOT NULL CHECK (revision > 0),
    document    TEXT    NOT NULL,
    checksum    TEXT    NOT NULL
) STRICT;

-- What every revision changed. `made_at` is in microseconds since 1970.
CREATE TABLE flag_history (
    environment TEXT    NOT NULL,
    revision    INTEGER NOT NULL CHECK (revision > 0),
    made_at     INTEGER NOT NULL,
    record      TEXT    NOT NULL,
    checksum    TEXT    NOT NULL,
    PRIMARY KEY (environment, revision)
) STRICT;

-- Which revisions touched which flag, so that the history of one flag need not read that of all.
CREATE TABLE flag_history_keys (
    environment TEXT    NOT NULL,
    key         TEXT    NOT NULL,
    revision    INTEGER NOT NULL,
    PRIMARY KEY (environment, key, revision)
) STRICT, WITHOUT ROWID;

-- The flags as they were when the history was compacted last: with them, what is left of the
-- history still tells what the flags are.
CREATE TABLE flag_bases (
    environment TEXT    NOT NULL PRIMARY KEY,
    revision    INTEGER NOT NULL CHECK (revision > 0),
    document    TEXT    NOT NULL,
    checksum    TEXT    NOT NULL
) STRICT;

-- What a repair replaced. Nothing reads it; it is kept for people.
CREATE TABLE flag_broken (
    id          INTEGER NOT NULL PRIMARY KEY,
    environment TEXT    NOT NULL,
    kept_at     INTEGER NOT NULL,
    revision    INTEGER NOT NULL,
    document    TEXT    NOT NULL,
    checksum    TEXT    NOT NULL
) STRICT;
