"""Runs an Argo CD health check: judge.py SCRIPT, a JSON list of resources on stdin, a JSON list of its answers on stdout."""

import json
import sys

from lupa import lua51


def to_lua(lua, value):
    """As Argo CD does it: objects and lists are tables, null is absent."""
    if isinstance(value, dict):
        return lua.table_from({key: to_lua(lua, inner) for key, inner in value.items() if inner is not None})
    if isinstance(value, list):
        return lua.table_from([to_lua(lua, inner) for inner in value])
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def judge(script, resource):
    lua = lua51.LuaRuntime(register_eval=False, register_builtins=False)
    names = lua.globals()
    # Argo CD opens no more than the basic functions and `table`, unless told to.
    for name in ("string", "math", "io", "os", "debug", "coroutine", "python", "require", "package"):
        names[name] = None
    names.obj = to_lua(lua, resource)
    answer = lua.execute(script)
    return {"status": answer.status, "message": answer.message}


with open(sys.argv[1], encoding="utf-8") as file:
    text = file.read()
json.dump([judge(text, resource) for resource in json.load(sys.stdin)], sys.stdout)
