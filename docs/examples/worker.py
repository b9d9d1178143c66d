#!/usr/bin/env python3
"""A signalbox worker in plain Python: runs jobs of one type, one at a time. The rules are in ../worker-protocol.md. When in
doubt it ends, and with it all that it runs: whoever starts it (systemd, say) should start it again.

    python3 worker.py 127.0.0.1:4222 TYPE [NAMESPACE]
"""
import json
import os
import queue
import secrets
import signal
import sys
import threading
import time

from nats_socket import Nats


def work(params, aborted):
    """The job itself: put yours here. Whatever takes long looks at `aborted`, and ends when it is set."""
    if aborted.wait(params.get("seconds", 0)):
        raise InterruptedError("aborted")
    return {"text": str(params.get("text", "")).upper()}


class Attempt(threading.Thread):
    """Runs, and then repeats how it ended until that is on record."""

    def __init__(self, order):
        super().__init__(daemon=True)
        self.order, self.id = order, {"job": order["job"], "grant": order["grant"]}
        self.aborted, self.is_over, self.is_recorded = threading.Event(), False, False

    def run(self):
        start = {**self.id, "started": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())}
        threading.Thread(target=ask, args=("report", start)).start()  # if it gets lost: the end is told with the start
        try:
            end = {"outcome": "completed", "result": work(self.order["params"], self.aborted)}
        except Exception as error:
            end = {"outcome": "failed", "error": {"code": type(error).__name__, "message": str(error)}}
        self.is_over = True  # from here on there is room for the next one
        while ask("report", {**start, "ended": end})[0] == 503:
            time.sleep(1)
        self.is_recorded = True


def now():
    return time.clock_gettime(time.CLOCK_BOOTTIME)  # never jumps, and goes on while the machine sleeps


def ask(verb, body, seconds=10):
    heard = {} if verb == "join" else {"epoch": lease["epoch"], "ledger": lease["ledger"]}
    return nats.request(subjects + verb, {"worker": name, **body, **heard}, seconds)


def obey(subject, order):
    """What is answered to an order: to abort an attempt, or to start one."""
    global newest
    is_newest = newest is not None and newest.id == {"job": order["job"], "grant": order["grant"]}
    if order["epoch"] < lease["epoch"] or (newest and order["grant"] < newest.id["grant"]):
        return {"accepted": False, "reason": "it is out of date"}
    if is_newest and subject.endswith(".abort"):
        newest.aborted.set()
    if is_newest or subject.endswith(".abort"):
        return {"accepted": True}  # if it is to start: it runs, or has run
    if (newest and not newest.is_over) or is_near_end():
        return {"accepted": False, "reason": "there is no room, or no lease"}
    newest = Attempt(order)
    newest.start()
    return {"accepted": True}


def is_near_end():
    """Two thirds of the lease have passed without a renewal: nothing may run any more."""
    return now() - renewed > lease["leaseMs"] / 1000 * 2 / 3


def renew(running):
    global lease, renewed
    asked = now()
    code, answer = ask("renew", {"running": running}, seconds=1)
    if code == 200 and answer["epoch"] >= lease["epoch"]:
        lease, renewed = answer, asked
    if running and running[0]["grant"] in [each["grant"] for each in lease["abort"]]:
        newest.aborted.set()
    if code == 404 or is_near_end():
        os._exit(0 if stopping.is_set() else 1)  # what runs here is lost, and lives elsewhere by now


host, port = sys.argv[1].split(":")
subjects = (sys.argv[3] if len(sys.argv) > 3 else "signalbox") + ".worker."
name = f"python-{os.getpid()}-{secrets.token_hex(4)}"
stopping = threading.Event()
for each in (signal.SIGTERM, signal.SIGINT):
    signal.signal(each, lambda *_: stopping.set())

nats = Nats(host, int(port))
nats.subscribe(f"{subjects}{name}.*")
while True:
    renewed = now()
    code, lease = ask("join", {"types": [sys.argv[2]], "capacity": 1})
    if code == 200:
        break
    if code != 503 or stopping.wait(1):  # 503: nobody leads yet
        sys.exit(lease)
print(json.dumps({"event": "ready", "worker": name}), flush=True)

newest, due = None, renewed + lease["renewMs"] / 1000
while not stopping.is_set() or (newest and not newest.is_recorded):
    try:
        subject, reply, order = nats.orders.get(timeout=0.25)
        nats.publish(reply, obey(subject, order))
    except queue.Empty:
        if stopping.is_set():
            ask("leave", {})  # nothing more is granted; what runs may end
        if now() >= due:
            renew([newest.id] if newest and not newest.is_recorded else [])
            due = renewed + lease["renewMs"] / 1000
ask("leave", {})
