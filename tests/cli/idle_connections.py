"""Open idle connections to a server and see what they cost: idle_connections.py PORT PID COUNT

Half of them say nothing, a quarter has been served once, a quarter has begun a request. Fails when an answer takes 100 ms meanwhile (median of
20, and no one of them a second), or when a connection costs the server more than 8 kB.
"""
import resource
import socket
import statistics
import sys
import time

port, pid, count = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def resident_bytes():
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def processor_seconds():
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def info():
    """Seconds until GET /info is answered on a new connection."""
    begin = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(b"GET /info HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    assert answer.startswith(b"HTTP/1.1 200 "), answer[:100]
    return time.monotonic() - begin


info()
before = resident_bytes()
connections = []
for index in range(count):
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    if index % 4 == 1:
        connection.sendall(b"GET /info HTTP/1.1\r\nHost: test\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
    if index % 4 == 3:
        connection.sendall(b"POST /predict HTTP/1.1\r\nHost: te")
    connections.append(connection)
seconds = [info() for _ in range(20)]
each = (resident_bytes() - before) / count
used = processor_seconds()
time.sleep(1)
used = processor_seconds() - used
print(f"{count} connections: {each:.0f} bytes each; /info median {statistics.median(seconds) * 1000:.2f} ms, "
      f"longest {max(seconds) * 1000:.2f} ms; processor time of one idle second {used * 1000:.0f} ms")
assert statistics.median(seconds) < 0.1 and max(seconds) < 1
assert each < 8192
assert used < 0.1
# They are still served: one of each kind.
for index in (0, 1):
    connections[index].sendall(b"GET /info HTTP/1.1\r\nHost: test\r\n\r\n")
    assert connections[index].recv(65536).startswith(b"HTTP/1.1 200 ")
connections[3].sendall(b"st\r\nContent-Length: 2\r\n\r\n{}")
assert connections[3].recv(65536).startswith(b"HTTP/1.1 400 ")
