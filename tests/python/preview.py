"""Previews a program without Pulumi's language host for Python, which the embedded toolchain lacks: preview.py FOLDER."""

import runpy
import sys

from pulumi import automation

stack = automation.create_or_select_stack(
    "test", project_name="object-store-python", program=lambda: runpy.run_path(f"{sys.argv[1]}/__main__.py")
)
stack.preview(diff=True, on_output=print, color="never")
