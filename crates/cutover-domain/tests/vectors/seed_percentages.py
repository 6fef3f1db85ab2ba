"""Makes md5_percentages.json: who is in at every whole percentage, by the formulas of the first
implementations, character for character. Run from anywhere: python3 seed_percentages.py

Each line is the md5 of 10,000 characters, one for each unit user-0 .. user-9999: `1` for in, `0`
for out. So one changed answer of a million changes a line, and the file stays small.
"""

import hashlib
import json
import pathlib


def is_enabled_for_user(user_id, percentage):
    if percentage <= 0:
        return False
    if percentage >= 100:
        return True
    user_hash = int(hashlib.md5(user_id.encode()).hexdigest()[:8], 16)
    return (user_hash % 100) < percentage


def should_use_treatment(test_name, identifier, traffic_percentage):
    hash_val = int(hashlib.md5(f"{test_name}:{identifier}".encode()).hexdigest()[:8], 16)
    return (hash_val % 100) < traffic_percentage


SALT = "registration"
UNITS = [f"user-{number}" for number in range(10_000)]


def digest(answers):
    text = "".join("1" if answer else "0" for answer in answers)
    return hashlib.md5(text.encode()).hexdigest()


def main():
    vectors = {
        "salt": SALT,
        "md5-unsalted": [
            digest(is_enabled_for_user(unit, percentage) for unit in UNITS)
            for percentage in range(101)
        ],
        "md5": [
            digest(should_use_treatment(SALT, unit, percentage) for unit in UNITS)
            for percentage in range(101)
        ],
    }
    path = pathlib.Path(__file__).with_name("md5_percentages.json")
    path.write_text(json.dumps(vectors, indent=1) + "\n")


main()
