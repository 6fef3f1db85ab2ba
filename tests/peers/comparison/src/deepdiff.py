"""What deepdiff answers and costs. Reads one JSON request a line, writes one JSON answer a line."""

import json
import sys
import time

import deepdiff
from deepdiff import DeepDiff

sys.setrecursionlimit(3000)

OPTIONS = {
    "plain": {},
    "unordered": {"ignore_order": True},
    "tolerance": {"math_epsilon": 1e-9},
    "unordered, tolerance": {"ignore_order": True, "math_epsilon": 1e-9},
    "keyed": {"group_by": "id"},
    "unordered, one member ignored": {
        "ignore_order": True,
        "exclude_regex_paths": [r"root\[\d+\]\['t'\]"],
    },
}


def count(found):
    return sum(len(places) for places in found.values())


def answer(request):
    options = OPTIONS[request["ask"]]
    try:
        old, new = json.loads(request["old"]), json.loads(request["new"])
    except (ValueError, RecursionError):
        return "refused"
    try:
        found = count(DeepDiff(old, new, **options))
    except RecursionError:
        return "crash"
    return "equal" if found == 0 else "1 difference" if found == 1 else f"{found} differences"


def cost(request):
    """Milliseconds to read both and to compare them, the fastest of a few runs."""
    options = OPTIONS[request["ask"]]
    with open(request["old_file"]) as old_file, open(request["new_file"]) as new_file:
        texts = old_file.read(), new_file.read()
    reading = comparing = float("inf")
    begin = time.perf_counter()
    while True:
        start = time.perf_counter()
        old, new = json.loads(texts[0]), json.loads(texts[1])
        read = time.perf_counter()
        found = count(DeepDiff(old, new, **options))
        end = time.perf_counter()
        reading = min(reading, read - start)
        comparing = min(comparing, end - read)
        if end - begin > 3:
            return {"reading": reading * 1e3, "comparing": comparing * 1e3, "found": found}


for line in sys.stdin:
    request = json.loads(line)
    if request["what"] == "version":
        said = deepdiff.__version__
    elif request["what"] == "answer":
        said = answer(request)
    else:
        said = cost(request)
    print(json.dumps(said), flush=True)
