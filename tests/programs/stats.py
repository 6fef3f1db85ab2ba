"""The old implementation: statistics of one integer per line, as JSON."""

import json
import sys

numbers = [int(line) for line in sys.stdin if line.strip()]
total = sum(numbers)
print(
    json.dumps(
        {
            "count": len(numbers),
            "total": total,
            # Rounds down, also below zero.
            "mean": total // len(numbers) if numbers else None,
            "largest": max(numbers) if numbers else None,
            "seen": list(dict.fromkeys(numbers)),
        }
    )
)
