# The new implementation of stats.py: the same statistics, in another language. Its division cuts
# towards zero, which nobody noticed as long as all totals were positive.
/[^ ]/ {
  count++
  total += $1
  if (count == 1 || $1 > largest) largest = $1
  if (!($1 in known)) { known[$1]; seen = seen (seen == "" ? "" : ", ") $1 }
}
END {
  if (count == 0) { print "{\"count\": 0, \"total\": 0, \"mean\": null, \"largest\": null, \"seen\": []}"; exit }
  printf "{\"largest\": %d, \"count\": %d, \"total\": %d, \"mean\": %d, \"seen\": [%s]}\n",
    largest, count, total, int(total / count), seen
}
