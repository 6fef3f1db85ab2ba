"""Writes seed_units.json and mdm_flags.json: what the first implementation's own code answers.

FeatureFlags.is_enabled_for_user and ABTestConfig.should_use_treatment below are that code, taken
over line by line; nothing here knows how this workspace computes a bucket.

    python3 seed_units.py
"""

import hashlib
import json
from pathlib import Path

HERE = Path(__file__).parent
COUNT = 10_000


def unit(number):
    """Plain ASCII, and every tenth one not."""
    return f"użytkownik {number}" if number % 10 == 0 else f"unit-{number}"


class FeatureFlags:
    def __init__(self, flags):
        self._flags = flags

    def get(self, flag_name, default=None):
        return self._flags.get(flag_name, default)

    def is_enabled_for_user(self, flag_name, user_id):
        if self.get(flag_name):
            return True

        rollout_key = f"rollout_percentage.{flag_name.replace('use_', '')}"
        percentage = self.get(rollout_key, 0)

        if percentage == 0:
            return False
        if percentage >= 100:
            return True

        user_hash = int(hashlib.md5(user_id.encode()).hexdigest()[:8], 16)
        return (user_hash % 100) < percentage


def should_use_treatment(test_name, traffic_percentage, identifier):
    hash_val = int(hashlib.md5(f"{test_name}:{identifier}".encode()).hexdigest()[:8], 16)
    return (hash_val % 100) < traffic_percentage


def bucket(text):
    """The left side of both comparisons above."""
    return int(hashlib.md5(text.encode()).hexdigest()[:8], 16) % 100


def bits(answers):
    """One bit a unit, the first one highest, as hexadecimal digits; or why there is no answer."""
    try:
        text = "".join("1" if answer else "0" for answer in answers)
    except TypeError:
        return "TypeError"
    return f"{int(text, 2):0{COUNT // 4}x}"


UNITS = [unit(number) for number in range(COUNT)]

FLAGS = {
    "use_new_backend": False,
    "use_new_registrar": False,
    "use_new_features": True,
    "use_new_config": False,
    "use_fraction": False,
    "use_fine_fraction": False,
    "use_negative": False,
    "use_everybody": False,
    "use_truth": False,
    "use_text": False,
    "use_null": None,
    "use_number": 0,
    "reuse_cache": False,
    "enable_comparison_tests": True,
    "enable_performance_tracking": True,
    "enable_memory_profiling": False,
    "auto_fallback": True,
    "rollout_percentage": {
        "new_backend": 30,
        "new_registrar": 30,
        "new_features": 30,
        "new_config": 0,
    },
    "rollout_percentage.new_registrar": 25,
    "rollout_percentage.new_features": 10,
    "rollout_percentage.fraction": 12.5,
    "rollout_percentage.fine_fraction": 7.0001,
    "rollout_percentage.negative": -5,
    "rollout_percentage.everybody": 150,
    "rollout_percentage.truth": True,
    "rollout_percentage.text": "25",
    "rollout_percentage.null": 40,
    "rollout_percentage.number": 5,
    "rollout_percentage.recache": 60,
    "rollout_percentage.orphan": 15,
    "ab_test_registration_percentage": 10,
}

flags = FeatureFlags(FLAGS)
switches = [name for name in FLAGS if not name.startswith(("rollout_percentage", "ab_test_"))]
answers = {
    name: bits(flags.is_enabled_for_user(name, user) for user in UNITS)
    for name in [*switches, "use_orphan"]
}
answers["ab_test_registration"] = bits(
    should_use_treatment("registration", FLAGS["ab_test_registration_percentage"], user)
    for user in UNITS
)

(HERE / "seed_units.json").write_text(json.dumps({
    "md5-unsalted": "".join(f"{bucket(user):02}" for user in UNITS),
    "md5": "".join(f"{bucket('registration:' + user):02}" for user in UNITS),
}, indent=1) + "\n")
(HERE / "mdm_flags.json").write_text(json.dumps({
    "file": {
        "flags": FLAGS,
        "history": [
            {
                "timestamp": "2025-07-08T09:14:03.482911",
                "flag": "rollout_percentage.new_registrar",
                "old_value": 10,
                "new_value": 25,
            },
        ],
        "last_updated": "2025-07-08T09:14:03.483004",
    },
    "answers": answers,
}, indent=1) + "\n")
