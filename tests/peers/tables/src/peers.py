"""Tables of a million rows, and what Python's tools make of them.

    peers.py make ROWS FOLDER        writes old and new as Parquet and CSV
    peers.py WHAT OLD NEW            prints one JSON object

WHAT is `read` (polars reads both: the floor), `join` (a full join and a comparison of every column,
written by hand in polars), `datacompy` (its comparison of polars frames) or `pandas` (inner join by
index and DataFrame.compare). CPU and wall time are taken after the imports.
"""

import json
import resource
import sys
import time

import polars as pl

ABSOLUTE, RELATIVE = 1e-8, 1e-5


def make(rows, folder):
    import numpy as np

    random = np.random.default_rng(7)
    day, second = "timedelta64[D]", "timedelta64[us]"
    old = pl.DataFrame(
        {
            "id": np.arange(rows, dtype=np.int64) * 3 + 17,
            "customer": random.integers(0, rows // 10 + 1, rows),
            "amount": np.round(random.normal(100, 30, rows), 2),
            "rate": random.random(rows),
            "count": random.integers(0, 1000, rows).astype(np.int32),
            "active": random.random(rows) < 0.7,
            "country": np.array(["DE", "FR", "IT", "CZ", "AT", "PL"])[random.integers(0, 6, rows)],
            "name": [f"customer {number:x}" for number in random.integers(0, 1 << 40, rows)],
            "day": np.datetime64("2020-01-01") + random.integers(0, 2000, rows).astype(day),
            "seen": np.datetime64("2024-01-01T00:00:00", "us")
            + random.integers(0, 10**12, rows).astype(second),
        }
    )
    changed = np.zeros(rows, bool)
    changed[random.choice(rows, rows // 100, replace=False)] = True
    amount = pl.when(pl.Series(changed)).then(pl.col("amount") + 1).otherwise(pl.col("amount"))
    new = old.with_columns(amount.alias("amount"))
    shuffled = new.sample(fraction=1.0, shuffle=True, seed=1)
    for name, table in [("old", old), ("new", new), ("shuffled", shuffled)]:
        table.write_parquet(f"{folder}/{name}.parquet")
        table.write_csv(f"{folder}/{name}.csv")


def read(path):
    if path.endswith(".parquet"):
        return pl.read_parquet(path)
    return pl.read_csv(path, try_parse_dates=True)


def different(name, old_type):
    """An expression: where a column and its partner are not the same."""
    old, new = pl.col(name), pl.col(name + "_new")
    if not old_type.is_float():
        return old.ne_missing(new)
    largest = pl.max_horizontal(old.abs(), new.abs())
    bound = pl.max_horizontal(pl.lit(ABSOLUTE), largest * RELATIVE)
    return ~((old - new).abs() <= bound).fill_null(False)


def by_join(old, new):
    joined = old.join(new, on="id", how="full", suffix="_new")
    columns = [name for name in old.columns if name != "id"]
    counts = joined.select(different(name, old[name].dtype).sum().alias(name) for name in columns)
    return sum(counts.row(0))


def by_datacompy(old, new):
    from datacompy import PolarsCompare

    compared = PolarsCompare(old, new, join_columns="id", abs_tol=ABSOLUTE, rel_tol=RELATIVE)
    return sum(column["unequal_cnt"] for column in compared.column_stats)


def by_pandas(paths):
    import pandas

    load = pandas.read_parquet if paths[0].endswith(".parquet") else pandas.read_csv
    old, new = (load(path).set_index("id").sort_index() for path in paths)
    return int(old.compare(new).xs("self", axis=1, level=1).notna().sum().sum())


def main():
    what, *rest = sys.argv[1:]
    if what == "make":
        return make(int(rest[0]), rest[1])
    if what == "datacompy":
        import datacompy  # noqa: F401  (imports are not what is measured)
    if what == "pandas":
        import pandas  # noqa: F401
    before = resource.getrusage(resource.RUSAGE_SELF)
    start = time.perf_counter()
    if what == "pandas":
        found = by_pandas(rest)
    else:
        old, new = (read(path) for path in rest)
        found = {"read": lambda *_: None, "join": by_join, "datacompy": by_datacompy}[what](old, new)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = sum(getattr(after, part) - getattr(before, part) for part in ("ru_utime", "ru_stime"))
    print(json.dumps({"wall": wall, "cpu": cpu, "peak": after.ru_maxrss * 1024, "found": found}))


main()
