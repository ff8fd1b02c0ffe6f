"""Runs a program without Pulumi's language host for Python, which the embedded toolchain lacks: run.py COMMAND FILE."""

import runpy
import sys
from pathlib import Path

from pulumi import automation

command, file = sys.argv[1:]
stack = automation.create_or_select_stack(
    "test", project_name=Path(file).stem.strip("_"), program=lambda: runpy.run_path(file)
)
if command == "preview":
    stack.preview(diff=True, on_output=print, color="never")
elif command == "up":
    stack.up(on_output=print, color="never")
else:
    # What buckets and accesses left in the cluster goes by hooks, which only the program has.
    stack.destroy(on_output=print, color="never", run_program=True)
