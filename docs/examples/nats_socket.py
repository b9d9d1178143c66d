"""As much of a NATS client as worker.py needs, with the standard library alone: the protocol is lines of text over a socket.
In a program of your own take nats-py, which also reconnects, and knows TLS and logins."""
import json
import os
import queue
import re
import secrets
import socket
import threading


class Nats:
    def __init__(self, host, port):
        self.orders = queue.Queue()  # (subject, where to answer, body) of what came and is no answer itself
        self.inbox = "_INBOX." + secrets.token_hex(8)
        self.waiting = {}
        self.sending = threading.Lock()
        self.socket = socket.create_connection((host, port))
        self.stream = self.socket.makefile("rb")
        self.send('CONNECT {"verbose":false,"headers":true,"no_responders":true}')
        self.subscribe(self.inbox + ".*")
        threading.Thread(target=self.listen, daemon=True).start()

    def send(self, *lines):
        with self.sending:
            self.socket.sendall("".join(line + "\r\n" for line in lines).encode())

    def subscribe(self, subject):
        self.send(f"SUB {subject} {secrets.randbelow(10**9)}")

    def publish(self, subject, body, reply=""):
        text = json.dumps(body)  # ASCII only, so that its length is its bytes
        self.send(f"PUB {subject} {reply} {len(text)}", text)

    def request(self, subject, body, seconds):
        """(200, answer), or (code, reason) as in worker-protocol.md; 503 also if nobody listens, or answers in time."""
        token, answered = secrets.token_hex(8), queue.Queue()
        self.waiting[token] = answered
        try:
            self.publish(subject, body, f"{self.inbox}.{token}")
            headers, data = answered.get(timeout=seconds)
        except queue.Empty:
            return 503, "no answer"
        finally:
            del self.waiting[token]
        code = re.search(r"Nats-Service-Error-Code: *(\d+)|^NATS/1.0 (\d+)", headers)
        if code is None:
            return 200, json.loads(data)
        reason = re.search(r"Nats-Service-Error: *(.*)\r", headers)
        return int(code[1] or code[2]), reason[1] if reason else "nobody listens"

    def listen(self):
        for line in self.stream:
            kind, *words = line.decode().split()
            if kind == "PING":
                self.send("PONG")
            elif kind == "-ERR":
                print(line.decode())
            elif kind in ("MSG", "HMSG"):  # subject, subscription, reply if any, bytes of headers if any, bytes in all
                size = int(words[-1])
                header_size = int(words[-2]) if kind == "HMSG" else 0
                data = self.stream.read(size + 2)[:size]
                self.take(words[0], words[2], data[:header_size].decode(), data[header_size:])
        os._exit(1)  # disconnected: this little client begins anew with the process, and the lease ends by itself

    def take(self, subject, reply, headers, data):
        token = subject.split(".")[-1]
        if token in self.waiting:
            self.waiting[token].put((headers, data))
        elif not subject.startswith("_INBOX."):
            self.orders.put((subject, reply, json.loads(data)))
