#!/usr/bin/env python3
"""Power loss, as near as one machine can come to it: the data folder lies on a loop-mounted ext4 that is shut
down without flushing its journal while scans are being uploaded. After each round the file system is mounted
again, the server started, and every acknowledged scan asked for; at the end `audit` and `scrub` must be clean.

Needs root. Usage: power-loss.py BINARY ROUNDS [SEED]
"""
import fcntl, hashlib, http.client, json, os, random, shutil, struct, subprocess, sys, tempfile, threading, time, zlib

EXT4_IOC_SHUTDOWN = 0x8004587D
NO_LOG_FLUSH = 2


def png(chance: random.Random) -> bytes:
    """A small grey page that nobody has seen before."""
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    width, height = 96, 128
    rows = b"".join(b"\0" + chance.randbytes(width) for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b"")


class Hall:
    def __init__(self, binary: str, mount: str):
        self.binary, self.mount = binary, mount

    def config(self) -> str:
        os.makedirs(f"{self.mount}/ocr", exist_ok=True)
        path = f"{self.mount}/counterfoil.toml"
        if not os.path.exists(path):
            with open(path, "w") as file:
                file.write(f'[data]\nfolder = "{self.mount}/data"\n[keys]\nfolder = "{self.mount}/keys"\n'
                           f'[ocr]\nengine = "recorded"\nfolder = "{self.mount}/ocr"\n[log]\nlevel = "warn"\n')
                os.fsync(file.fileno())
            os.sync()
        return path

    def start(self):
        began = time.monotonic()
        command = [self.binary, "--config", self.config(), "--json", "serve", "--listen", "127.0.0.1:0"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"the server did not start (exit {self.process.wait()})")
        said = json.loads(line)
        self.address = said["listening"]
        self.token = open(said["token_file"]).read().strip()
        return time.monotonic() - began

    def run(self, *words: str) -> subprocess.CompletedProcess:
        command = [self.binary, "--config", self.config(), "--json", *words]
        return subprocess.run(command, capture_output=True, text=True)

    def ask(self, method: str, path: str, body: bytes = b"") -> int:
        connection = http.client.HTTPConnection(self.address, timeout=20)
        connection.request(method, path, body, {"Authorization": f"Bearer {self.token}"})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status


def upload(hall: Hall, seed: int, acknowledged: list, stop: threading.Event) -> None:
    chance = random.Random(seed)
    while not stop.is_set():
        scan = png(chance)
        digest = hashlib.sha256(scan).hexdigest()
        try:
            if hall.ask("PUT", f"/api/v1/scans/{digest}", scan) in (200, 202):
                acknowledged.append(digest)
        except (OSError, http.client.HTTPException):
            return


def lose_power(hall: Hall, image: str) -> None:
    folder = os.open(hall.mount, os.O_RDONLY)
    fcntl.ioctl(folder, EXT4_IOC_SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
    hall.process.kill()
    hall.process.wait()
    os.close(folder)
    for _ in range(100):
        if subprocess.run(["umount", hall.mount], capture_output=True).returncode == 0:
            break
        time.sleep(0.05)
    subprocess.run(["mount", "-o", "loop", image, hall.mount], check=True)


def main() -> None:
    binary, rounds = sys.argv[1], int(sys.argv[2])
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 20261122
    print(f"seed {seed}, {rounds} rounds of power loss")
    chance = random.Random(seed)
    folder = tempfile.mkdtemp(prefix="counterfoil-power.")
    image, mount = f"{folder}/disk.img", f"{folder}/mnt"
    os.makedirs(mount)
    with open(image, "wb") as file:
        file.truncate(1 << 30)
    subprocess.run(["mkfs.ext4", "-q", image], check=True)
    subprocess.run(["mount", "-o", "loop", image, mount], check=True)
    hall, acknowledged, lost, slowest = Hall(binary, mount), [], [], 0.0
    try:
        for number in range(1, rounds + 1):
            slowest = max(slowest, hall.start())
            before, stop = len(acknowledged), threading.Event()
            writers = [threading.Thread(target=upload, args=(hall, chance.getrandbits(64), acknowledged, stop)) for _ in range(4)]
            for writer in writers:
                writer.start()
            time.sleep(0.2 + chance.random() * 1.3)
            lose_power(hall, image)
            stop.set()
            for writer in writers:
                writer.join()
            slowest = max(slowest, hall.start())
            gone = [digest for digest in acknowledged if hall.ask("GET", f"/api/v1/scans/{digest}") != 200]
            lost += gone
            hall.process.kill()
            hall.process.wait()
            print(f"round {number}: {len(acknowledged) - before} acknowledged, {len(gone)} lost", flush=True)
        audit, scrub = hall.run("audit"), hall.run("scrub")
        print(f"{rounds} rounds, {len(acknowledged)} acknowledged, {len(lost)} lost, slowest start {slowest:.2f} s, "
              f"audit exit {audit.returncode}, scrub exit {scrub.returncode}")
        if audit.returncode or scrub.returncode:
            print(audit.stdout, audit.stderr, scrub.stdout, scrub.stderr)
        sys.exit(1 if lost or audit.returncode or scrub.returncode else 0)
    finally:
        subprocess.run(["umount", mount], capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)


main()
