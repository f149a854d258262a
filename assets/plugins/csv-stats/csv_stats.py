#!/usr/bin/env python3
"""A tool in Python, without any package.

One line comes in: {"id": 1, "tool": "describe", "arguments": {"csv": "a,b\\n1,2"}}
and one line with "result" or "error" goes out. Lines with "progress" may come before.
What is printed to standard error shows when the call fails.
"""

import csv
import io
import json
import statistics
import sys


def say(**message):
    print(json.dumps(message), flush=True)


def numbers(rows, column):
    """The numbers of a column; nothing when it holds anything else."""
    found = []
    for row in rows:
        cell = (row.get(column) or "").strip()
        if not cell:
            continue
        try:
            found.append(float(cell))
        except ValueError:
            return []
    return found


def describe(call, arguments):
    reader = csv.DictReader(io.StringIO(arguments["csv"]))
    rows = list(reader)
    columns = list(reader.fieldnames or [])
    wanted = arguments.get("column")
    if wanted is not None and wanted not in columns:
        raise ValueError(f"there is no column {wanted!r}; there are: {', '.join(columns)}")
    result = {"rows": len(rows), "columns": {}}
    for done, column in enumerate(columns, 1):
        say(id=call, progress={"done": done, "total": len(columns), "message": column})
        found = numbers(rows, column)
        if found and wanted in (None, column):
            result["columns"][column] = {
                "count": len(found),
                "smallest": min(found),
                "largest": max(found),
                "mean": statistics.fmean(found),
                "median": statistics.median(found),
            }
    return result


TOOLS = {"describe": describe}

for line in sys.stdin:
    request = json.loads(line)
    try:
        tool = TOOLS[request["tool"]]
        say(id=request["id"], result=tool(request["id"], request["arguments"]))
    except (KeyError, ValueError) as error:
        say(id=request["id"], error=f"{type(error).__name__}: {error}")
