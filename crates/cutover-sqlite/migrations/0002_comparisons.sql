-- Runs: headers of comparisons.
CREATE TABLE comparison_runs (
    number INTEGER PRIMARY KEY,
    environment TEXT NOT NULL,
    id TEXT NOT NULL,
    -- Nanoseconds since 1970.
    started INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    is_running INTEGER NOT NULL,
    -- What its records are, so that retention need not count them.
    records INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0,
    header TEXT NOT NULL,
    checksum TEXT NOT NULL,
    UNIQUE (environment, id)
) STRICT;

CREATE INDEX comparison_runs_by_start ON comparison_runs (environment, started, id);

CREATE TABLE comparison_operations (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

-- Records, numbered as they were saved; a number is never used again, so that pages stay true.
CREATE TABLE comparison_records (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    run INTEGER NOT NULL,
    id TEXT NOT NULL,
    operation INTEGER NOT NULL,
    result TEXT NOT NULL,
    time INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    checksum TEXT NOT NULL,
    record TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX comparison_records_by_id ON comparison_records (run, id);
-- Each has what a query may ask for, so that what is not asked for is passed over without reading
-- the record; the first also what retention asks for.
CREATE INDEX comparison_records_in_order ON comparison_records (run, number, time, bytes);
CREATE INDEX comparison_records_by_operation ON comparison_records (run, operation, number, result, time);
CREATE INDEX comparison_records_by_result ON comparison_records (run, result, number, operation, time);

-- Paths of differences, with [*] for every index.
CREATE TABLE comparison_paths (
    number INTEGER PRIMARY KEY,
    path TEXT NOT NULL UNIQUE
) STRICT;

-- What differs in which record, each kind of difference once.
CREATE TABLE comparison_differences (
    record INTEGER NOT NULL,
    path INTEGER NOT NULL,
    kind TEXT NOT NULL,
    severity INTEGER NOT NULL,
    run INTEGER NOT NULL,
    PRIMARY KEY (record, path, kind, severity)
) STRICT, WITHOUT ROWID;

CREATE INDEX comparison_differences_by_path ON comparison_differences (path, run, record, kind, severity);
