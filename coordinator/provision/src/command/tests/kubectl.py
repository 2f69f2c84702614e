#!/usr/bin/env python3
"""As much of kubectl as the example needs, with objects as files beside it."""

import json
import pathlib
import sys
import uuid

home = pathlib.Path(__file__).parent
with (home / "calls").open("a") as calls:
    print(*sys.argv[1:], file=calls)
assert sys.argv[1:4] == ["--namespace", "builds", "--request-timeout=20s"], sys.argv
verb, *rest = sys.argv[4:]


def path(kind, name):
    return home / f"{kind}-{name}.json"


if verb == "get":
    kinds, flag, selector, *output = rest
    assert flag == "--selector" and output == ["--output", "json"], rest
    wanted = dict(pair.split("=", 1) for pair in selector.split(","))
    kind = {"pods": "Pod", "secrets": "Secret"}[kinds]
    objects = [json.loads(file.read_text()) for file in sorted(home.glob(f"{kind}-*.json"))]
    items = [one for one in objects if wanted.items() <= one["metadata"]["labels"].items()]
    print(json.dumps({"kind": "List", "items": items}))
elif verb == "create":
    made = json.load(sys.stdin)
    file = path(made["kind"], made["metadata"]["name"])
    if file.exists():
        sys.exit("Error from server (AlreadyExists)")
    made["metadata"] |= {"uid": str(uuid.uuid4()), "creationTimestamp": "2026-11-22T21:00:00Z"}
    if made["kind"] == "Pod":
        assert made["spec"]["nodeSelector"] == {"pool": "builds"} and made["spec"]["restartPolicy"] == "Never"
        made["status"] = {"phase": "Running"}
    else:
        owner = made["metadata"]["ownerReferences"][0]
        assert json.loads(path("Pod", owner["name"]).read_text())["metadata"]["uid"] == owner["uid"]
    file.write_text(json.dumps(made))
    print(json.dumps(made))
elif verb == "delete":
    assert rest[0] == "pod" and rest[2:] == ["--ignore-not-found", "--wait=false"], rest
    path("Pod", rest[1]).unlink(missing_ok=True)
    path("Secret", rest[1]).unlink(missing_ok=True)
else:
    sys.exit(f"unknown verb {verb}")
