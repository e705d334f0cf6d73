# SPDX-License-Identifier: Apache-2.0
"""examples/fleet for scripts/examples.py: `fleet` runs up.sh and try.sh, `fleet_files` looks at what
containers are made and run by. No image is built, and no cluster is asked.
"""
import json
import os
import re
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FLEET = ROOT / "examples/fleet"
LIMIT = 90  # seconds: a lease has to run out


def equal(got, wanted, more=""):
    assert got == wanted, f"got {got!r}, wanted {wanted!r} {more}"


def run(*command, **more):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=LIMIT, **more)


# --- up.sh and try.sh


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def post(url, method, params, **headers):
    """Status, headers and body of a request of 2025-11-25, on a connection of its own."""
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    request = urllib.request.Request(url, json.dumps(body).encode(), {
        "Content-Type": "application/json", "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": "2025-11-25", **headers})
    try:
        with urllib.request.urlopen(request, timeout=LIMIT) as reply:
            return reply.status, reply.headers, reply.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.headers, refused.read().decode()


def stays_with_its_replica(url):
    """Sessions of 2025-11-25 belong to one of three replicas, which only the balancer can know."""
    for _ in range(3):
        status, headers, body = post(url, "initialize", {
            "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}})
        equal(status, 200, body)
        session = {"Mcp-Session-Id": headers["Mcp-Session-Id"]}
        for _ in range(4):
            status, _, body = post(url, "tools/list", {}, **session)
            equal(status, 200, body)
            assert '"count"' in body, body


def process_ids(told):
    return [int(found) for found in re.findall(r"pid (\d+)", told)]


def fleet(program):
    port = free_port()
    up = subprocess.Popen([FLEET / "up.sh", "--port", str(port)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          stdin=subprocess.DEVNULL, text=True, env={**os.environ, "LONGHAUL": str(program)})
    told = ""
    try:
        for line in up.stdout:
            told += line
            if line.startswith("hosts:"):
                break
        assert "hosts:" in told, told + up.stderr.read()
        url = told.split()[-1]
        equal(url, f"http://127.0.0.1:{port}/mcp")
        folder = re.search(r"^try it: +\S+ (\S+)$", told, re.M)[1]
        database = re.search(r"^database: +psql '(\S+)'$", told, re.M)[1]
        equal(len(process_ids(told)), 3)
        for page in ("readyz", "healthz"):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/{page}", timeout=LIMIT) as reply:
                equal(reply.status, 200)
        stays_with_its_replica(url)

        tried = run(FLEET / "try.sh", folder)
        equal(tried.returncode, 0, tried.stdout + tried.stderr)
        victim = re.search(r"^killed +the replica with pid (\d+)$", tried.stdout, re.M)[1]
        assert int(victim) in process_ids(told), told + tried.stdout
        went_on = re.search(r"^result +counted to 20; attempt 2 went on from (\d+)$", tried.stdout, re.M)
        assert went_on and 1 <= int(went_on[1]) < 20, tried.stdout
        checked = run(program, "store", "check", database)
        equal(checked.returncode, 0, checked.stdout + checked.stderr)
        assert run(FLEET / "try.sh", f"{folder}/pg").returncode == 1, "there is no fleet"

        up.send_signal(signal.SIGINT)
        rest, errors = up.communicate(timeout=LIMIT)
        equal(up.returncode, 0, errors)
        assert "begins again" in rest, rest
        assert not Path(folder).exists(), folder
        for one in process_ids(told + rest):
            assert not Path(f"/proc/{one}").exists(), f"{one} is left"
    finally:
        if up.poll() is None:
            up.terminate()
            up.communicate()


# --- what containers are made and run by

# The fields that we use, of the kinds that we use, as their API has them: a type, a list of one shape, a
# table of names that are ours, or fields.
TEXTS = {"*": str}
META = {"name": str, "labels": TEXTS}
PROBE = {"httpGet": {"path": str, "port": str}, "periodSeconds": int, "timeoutSeconds": int, "failureThreshold": int}
CONTAINER = {
    "name": str, "image": str, "args": [str], "ports": [{"name": str, "containerPort": int}],
    "env": [{"name": str, "value": str, "valueFrom": {"secretKeyRef": {"name": str, "key": str}}}],
    "readinessProbe": PROBE, "livenessProbe": PROBE, "lifecycle": {"preStop": {"exec": {"command": [str]}}},
    "resources": {"requests": TEXTS, "limits": TEXTS},
    "securityContext": {"allowPrivilegeEscalation": bool, "readOnlyRootFilesystem": bool,
                        "capabilities": {"drop": [str]}},
    "volumeMounts": [{"name": str, "mountPath": str}]}
POD = {
    "terminationGracePeriodSeconds": int, "automountServiceAccountToken": bool, "containers": [CONTAINER],
    "topologySpreadConstraints": [{"maxSkew": int, "topologyKey": str, "whenUnsatisfiable": str,
                                   "labelSelector": {"matchLabels": TEXTS}}],
    "securityContext": {"runAsNonRoot": bool, "runAsUser": int, "runAsGroup": int, "fsGroup": int,
                        "seccompProfile": {"type": str}},
    "volumes": [{"name": str, "emptyDir": {}}]}
KINDS = {
    ("v1", "Secret"): {"type": str, "stringData": TEXTS},
    ("v1", "Service"): {"spec": {"selector": TEXTS, "sessionAffinity": str,
                                 "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": int}},
                                 "ports": [{"name": str, "port": int, "targetPort": str}]}},
    ("apps/v1", "Deployment"): {"spec": {
        "replicas": int, "selector": {"matchLabels": TEXTS}, "minReadySeconds": int,
        "strategy": {"type": str, "rollingUpdate": {"maxSurge": int, "maxUnavailable": int}},
        "template": {"metadata": {"labels": TEXTS}, "spec": POD}}},
    ("policy/v1", "PodDisruptionBudget"): {"spec": {"maxUnavailable": int, "selector": {"matchLabels": TEXTS}}},
}


def misfits(value, shape, at):
    """Where a value is not of its shape."""
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [f"{at} is no list"]
        return [fault for i, each in enumerate(value) for fault in misfits(each, shape[0], f"{at}[{i}]")]
    if not isinstance(shape, dict):
        return [] if type(value) is shape else [f"{at} is no {shape.__name__}"]
    if not isinstance(value, dict):
        return [f"{at} has no fields"]
    faults = []
    for name, field in value.items():
        inner = shape.get(name, shape.get("*"))
        faults += [f"{at} knows no {name}"] if inner is None else misfits(field, inner, f"{at}.{name}")
    return faults


def read_manifests():
    import yaml  # python3-yaml, which scripts/install-deps.sh brings
    found = {}
    for path in sorted((FLEET / "k8s").glob("*.yaml")):
        for manifest in yaml.safe_load_all(path.read_text()):
            head = {"apiVersion": str, "kind": str, "metadata": META}
            shape = KINDS[manifest["apiVersion"], manifest["kind"]]
            equal(misfits(manifest, {**head, **shape}, path.name), [])
            found[manifest["kind"]] = manifest
    equal(sorted(found), ["Deployment", "PodDisruptionBudget", "Secret", "Service"])
    return found


def seconds_of(text):
    return int(re.fullmatch(r"(\d+)s", text)[1])


def behind(words, option):
    return words[words.index(option) + 1]


def is_understood(program, words):
    """The program takes this command line, with the file that the image has."""
    equal(words[:2], ["serve", "/etc/longhaul/tools.toml"])
    checked = run(program, "serve", FLEET / "tools.toml", *words[2:], "--check")
    equal(checked.returncode, 0, checked.stderr)


def look_at_manifests(program):
    found = read_manifests()
    spec = found["Deployment"]["spec"]
    pod, labels = spec["template"]["spec"], spec["template"]["metadata"]["labels"]
    box = pod["containers"][0]
    for selector in (spec["selector"]["matchLabels"], found["Service"]["spec"]["selector"],
                     found["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"]):
        assert selector and selector.items() <= labels.items(), selector
    ports = {port["name"]: port["containerPort"] for port in box["ports"]}
    assert found["Service"]["spec"]["ports"][0]["targetPort"] in ports
    equal(int(behind(box["args"], "--http").rsplit(":")[-1]), ports["http"])
    equal({box[f"{probe}Probe"]["httpGet"]["path"] for probe in ("readiness", "liveness")}, {"/readyz", "/healthz"})
    assert all(box[f"{probe}Probe"]["httpGet"]["port"] in ports for probe in ("readiness", "liveness"))
    secret = found["Secret"]
    for variable in box["env"]:
        if from_secret := variable.get("valueFrom", {}).get("secretKeyRef"):
            equal(from_secret["name"], secret["metadata"]["name"])
            assert from_secret["key"] in secret["stringData"], from_secret
    mounted = {mount["name"] for mount in box["volumeMounts"]}
    equal(mounted, {volume["name"] for volume in pod["volumes"]})
    equal(box["lifecycle"]["preStop"]["exec"]["command"][0], "sleep")
    wait = int(box["lifecycle"]["preStop"]["exec"]["command"][1])
    drain = seconds_of(behind(box["args"], "--drain-grace"))
    assert pod["terminationGracePeriodSeconds"] >= wait + drain + 10, "it would be killed while it drains"
    known = {"$(LONGHAUL_STORE)": secret["stringData"]["url"]}
    is_understood(program, [known.get(word, word) for word in box["args"]])


def look_at_compose(program):
    import yaml
    text = (FLEET / "compose.yaml").read_text()
    compose = yaml.safe_load(text)
    node = run(ROOT / "scripts/npm-install.sh")
    equal(node.returncode, 0, node.stderr)
    judge = [node.stdout.strip(), ROOT / "scripts/check-compose.mjs"]
    judged = run(*judge, input=json.dumps(compose))
    equal(judged.returncode, 0, judged.stdout + judged.stderr)
    planted = {**compose, "services": {**compose["services"], "one": {"imagee": "x"}}}
    equal(run(*judge, input=json.dumps(planted)).returncode, 1)

    services = compose["services"]
    balancer = services["balancer"]
    wanted = set(re.findall(r"\$\{(\w+)\}", (FLEET / "haproxy.cfg").read_text()))
    equal(set(balancer["environment"]), wanted)
    replicas = {name: one for name, one in services.items() if name.startswith("replica-")}
    equal(sorted(replicas), sorted(balancer["depends_on"]))
    equal(sorted(f"{name}:8080" for name in replicas),
          sorted(value for name, value in balancer["environment"].items() if name.startswith("REPLICA")))
    for one in replicas.values():
        assert seconds_of(one["stop_grace_period"]) >= seconds_of(behind(one["command"], "--drain-grace")) + 10
        assert (FLEET / one["build"]["context"] / one["build"]["dockerfile"]).resolve() == FLEET / "Dockerfile"
        is_understood(program, one["command"])


def look_at_dockerfile(program):
    text = (FLEET / "Dockerfile").read_text().replace("\\\n", " ")
    for source in re.findall(r"^COPY (?!--from)(\S+) ", text, re.M):
        assert (ROOT / source).exists(), source
    for built in re.findall(r"^COPY --from=build /src/build/release/(\S+) ", text, re.M):
        assert (program.parent / built).exists(), built
    # Whatever the program loads is there. These Debian's slim image has, because of apt.
    slim = {"libc6", "libstdc++6", "libgcc-s1"}
    needed = re.findall(r"\(NEEDED\).*\[(\S+)\]", run("llvm-readelf-19", "-d", program).stdout)
    assert needed, "what does it load?"
    installed = set(re.search(r"apt-get install (.*?)&&", text, re.S)[1].split())
    for library in needed:
        owners = {line.split(":")[0] for line in run("dpkg", "-S", f"*/{library}").stdout.splitlines()}
        assert owners & (installed | slim), f"{library} is in {owners}, and none of them in the image"
    is_understood(program, json.loads(re.search(r"^CMD (.*)$", text, re.M)[1]))


def fleet_files(program):
    look_at_manifests(program)
    look_at_compose(program)
    look_at_dockerfile(program)
