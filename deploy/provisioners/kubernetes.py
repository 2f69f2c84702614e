#!/usr/bin/env python3
"""Launches agents as Kubernetes pods, through kubectl: a program for a provisioner of kind "command".

Environment: NAMESPACE (default "buildyard"), IMAGE (needed), KUBECTL (default "kubectl"), NODE_SELECTOR
("key=value,key=value"), SERVICE_ACCOUNT. What a pod needs beyond that is a change here.

Each launch is a pod and a secret, both called buildyard-agent-TICKET: the secret holds the agent's environment with the
join token, so that the token stands in no pod's description. The pod is the secret's owner: one goes with the other. The
agent runs builds on the node's engine, whose socket it is given, with its data directory at the same path on the node.
"""

import datetime
import json
import os
import re
import subprocess
import sys

KUBECTL = os.environ.get("KUBECTL", "kubectl")
NAMESPACE = os.environ.get("NAMESPACE", "buildyard")
PREFIX = "buildyard-agent-"
DATA = "/var/lib/buildyard/agents/"
REFUSED = 3
# What will not work until somebody changes something.
FINAL = re.compile(r"forbidden|unauthorized|is invalid|unknown|not found|no such|error validating|exceeded quota", re.I)


def kubectl(*arguments, document=None):
    """What kubectl prints. Documents go in by standard input, as arguments can be seen by everybody."""
    command = [KUBECTL, "--namespace", NAMESPACE, "--request-timeout=20s", *arguments]
    text = None if document is None else json.dumps(document)
    try:
        done = subprocess.run(command, input=text, capture_output=True, text=True)
    except OSError as error:
        print(f"{KUBECTL} cannot be started: {error}: install it or set KUBECTL", file=sys.stderr)
        sys.exit(REFUSED)
    if done.returncode != 0:
        print(done.stderr.strip(), file=sys.stderr)
        sys.exit(REFUSED if FINAL.search(done.stderr) else 1)
    return done.stdout


def labels(request):
    """Of everything of one fleet of one coordinator."""
    return {"buildyard.coordinator": request["coordinator"], "buildyard.fleet": request["fleet"]}


def selector(request, **more):
    return ",".join(f"{name}={value}" for name, value in {**labels(request), **more}.items())


def found(request, *kinds, **more):
    listed = kubectl("get", ",".join(kinds), "--selector", selector(request, **more), "--output", "json")
    return json.loads(listed)["items"]


def pod(request, launch):
    name, data = PREFIX + launch["ticket"], DATA + launch["ticket"]
    container = {
        "name": "agent",
        "image": os.environ["IMAGE"],
        "args": ["agent"],
        "envFrom": [{"secretRef": {"name": name}}],
        "env": [
            {"name": "BUILDYARD_INSTANCE", "value": name},
            {"name": "BUILDYARD_AGENT_DATA_DIR", "value": data},
            {"name": "BUILDYARD_AGENT_EPHEMERAL", "value": "true"},
        ],
        "volumeMounts": [
            {"name": "data", "mountPath": data},
            {"name": "engine", "mountPath": "/var/run/docker.sock"},
            {"name": "memory", "mountPath": "/dev/shm"},
        ],
    }
    spec = {
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 60,
        "containers": [container],
        "volumes": [
            {"name": "data", "hostPath": {"path": data, "type": "DirectoryOrCreate"}},
            {"name": "engine", "hostPath": {"path": "/var/run/docker.sock", "type": "Socket"}},
            {"name": "memory", "hostPath": {"path": "/dev/shm", "type": "Directory"}},
        ],
    }
    if chosen := os.environ.get("NODE_SELECTOR"):
        spec["nodeSelector"] = dict(pair.split("=", 1) for pair in chosen.split(","))
    if account := os.environ.get("SERVICE_ACCOUNT"):
        spec["serviceAccountName"] = account
    metadata = {"name": name, "labels": {**labels(request), "buildyard.ticket": launch["ticket"]}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def secret(owner, launch):
    reference = {"apiVersion": "v1", "kind": "Pod", "name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"]}
    metadata = {**{key: owner["metadata"][key] for key in ("name", "labels")}, "ownerReferences": [reference]}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": launch["environment"]}


def launch(request):
    if "IMAGE" not in os.environ:
        print("IMAGE is not set: name the agents' image in the provisioner's environment", file=sys.stderr)
        sys.exit(REFUSED)
    pods = {item["metadata"]["labels"]["buildyard.ticket"]: item for item in found(request, "pods")}
    secrets = {item["metadata"]["labels"]["buildyard.ticket"] for item in found(request, "secrets")}
    for one in request["launches"]:
        ticket = one["ticket"]
        if ticket not in pods:
            made = kubectl("create", "--filename", "-", "--output", "json", document=pod(request, one))
            pods[ticket] = json.loads(made)
        # The pod waits for it.
        if ticket not in secrets:
            kubectl("create", "--filename", "-", "--output", "name", document=secret(pods[ticket], one))
            secrets.add(ticket)


def terminate(request):
    name = request["instance"]
    ours = name.startswith(PREFIX) and found(request, "pods", **{"buildyard.ticket": name[len(PREFIX) :]})
    if ours:
        kubectl("delete", "pod", name, "--ignore-not-found", "--wait=false")


def instances(request):
    listed = []
    for item in found(request, "pods"):
        metadata, phase = item["metadata"], item.get("status", {}).get("phase")
        if phase in ("Succeeded", "Failed"):
            kubectl("delete", "pod", metadata["name"], "--ignore-not-found", "--wait=false")
            continue
        made = datetime.datetime.fromisoformat(metadata["creationTimestamp"].replace("Z", "+00:00"))
        state = "running" if phase == "Running" else "starting"
        listed.append({
            "id": metadata["name"],
            "ticket": metadata["labels"]["buildyard.ticket"],
            "state": "stopping" if "deletionTimestamp" in metadata else state,
            "launched_at": int(made.timestamp()),
        })
    json.dump({"instances": listed}, sys.stdout)


VERBS = {"launch": launch, "terminate": terminate, "instances": instances}

if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in VERBS:
        sys.exit(f"usage: {sys.argv[0]} launch|terminate|instances")
    VERBS[sys.argv[1]](json.load(sys.stdin))
