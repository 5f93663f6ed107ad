// How fast a round of the transfer becomes a package, and how fast the package is verified, side by side with bagit.py
// and tar on the same files in one run. The cases go through the real server from the visit to the decision, each with its
// scans; pages are noise with a recorded reading, because recognition is not what is measured here.
//   node tools/round-bench.mjs BINARY FOLDER [BAGIT.PY]
// COUNTERFOIL_ROUND_CASES (2000), COUNTERFOIL_ROUND_PAGES (10 a case), COUNTERFOIL_ROUND_RUNS (3). A FOLDER
// that an earlier run left is measured again without preparing it anew. 2,000 cases take about 10 GB of disk.
// Before each run of either side its files are read once, so that both find them in memory; with COUNTERFOIL_ROUND_COLD=1
// (as root) neither does.
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { crc32, deflateSync } from "node:zlib";
import { clock, prepare, serve, signIn } from "./hall.mjs";

const [binary, folder, bagit] = process.argv.slice(2);
const CASES = Number(process.env.COUNTERFOIL_ROUND_CASES ?? 2000);
const PAGES = Number(process.env.COUNTERFOIL_ROUND_PAGES ?? 10);
const RUNS = Number(process.env.COUNTERFOIL_ROUND_RUNS ?? 3);
const AT_ONCE = 12;
const ITEM = "11369901004321012K1000131012001";
const [WIDTH, HEIGHT] = [250, 200];
const say = (text) => console.log(`round: ${text}`);
const digest = (bytes) => createHash("sha256").update(bytes).digest("hex");
const sleep = (millis) => new Promise((done) => setTimeout(done, millis));

mkdirSync(join(folder, "ocr"), { recursive: true });
const data = join(folder, "data");
const config = join(folder, "counterfoil.toml");
writeFileSync(config, `[data]\nfolder = "data"\n[keys]\nfolder = "keys"\n[clock]\nfile = "time.txt"\n[ocr]\nengine = "recorded"\nfolder = "ocr"\n`);
process.env.COUNTERFOIL_CONFIG = resolve(config);
function setTime(at) {
  writeFileSync(join(folder, "time.new"), at);
  renameSync(join(folder, "time.new"), join(folder, "time.txt"));
  const set = Date.now();
  clock.now = () => Date.parse(at) + (Date.now() - set);
}

// One grey page of noise, and a reading of it. Each scan is that page with a note of its own, so its bytes are its own.
let state = 1;
const grey = Buffer.from(Array.from({ length: WIDTH * HEIGHT }, () => (state = (state * 48271) % 0x7fffffff) & 255));
const chunk = (kind, bytes) => {
  const body = Buffer.concat([Buffer.from(kind), bytes]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(bytes.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
};
const head = Buffer.alloc(13);
head.writeUInt32BE(WIDTH, 0);
head.writeUInt32BE(HEIGHT, 4);
head[8] = 8;
const rows = Buffer.concat(Array.from({ length: HEIGHT }, (_, row) => Buffer.concat([Buffer.from([0]), grey.subarray(row * WIDTH, (row + 1) * WIDTH)])));
const dots = Buffer.alloc(9);
[0, 4].forEach((at) => dots.writeUInt32BE(7874, at));
dots[8] = 1;
const front = Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), chunk("IHDR", head), chunk("pHYs", dots)]);
const back = Buffer.concat([chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
const scan = (name) => Buffer.concat([front, chunk("tEXt", Buffer.from(`Comment\0${name}`)), back]);
const size = Buffer.alloc(8);
size.writeUInt32BE(WIDTH, 0);
size.writeUInt32BE(HEIGHT, 4);
const pixels = Buffer.alloc(WIDTH * HEIGHT * 3);
grey.forEach((dot, at) => pixels.fill(dot, at * 3, at * 3 + 3));
const line = (row) => ({
  rect: [10, 8 + row * 15, 230, 12],
  chars: [..."申请人提交的材料齐全符合法定形式予以受理依法作出决定"].map((c, at) => ({ c, rect: [10 + at * 8, 8 + row * 15, 8, 12], p: 0.98 })),
});
const reading = { engine: { name: "recorded", version: "1", models: digest(""), settings: "" }, width: WIDTH, height: HEIGHT, lines: Array.from({ length: 12 }, (_, row) => line(row)) };
writeFileSync(join(folder, "ocr", `${digest(Buffer.concat([size, pixels]))}.json`), JSON.stringify(reading));

const PAPER = [["M01", "paper_kept", 1, 0], ["M02", "original_seen", 0, 0], ["M03", "paper_kept", 1, 0], ["M04", "paper_kept", 1, 0], ["M05", "paper_kept", 0, 1]];
const ROWS = PAPER.map(([row]) => row);

/** A case from the visit to the decision. */
async function closed(clerk, officer, decider, number) {
  const visit = (await clerk.send("POST", "/visits", { site: "YLZX", window: "A02", role: "receive", channel: "window" })).json;
  const parties = {
    applicant: { kind: "person", name: `申请人${number}`, id_kind: "citizen_id", id_number: "11010519491231002X" },
    contact: { name: `申请人${number}`, phone: "13800138000" },
    delivery: { kind: "pick_up" },
  };
  const { no } = (await clerk.send("POST", "/cases", { visit: visit.id, task: ITEM, parties })).json;
  const path = `/cases/${no}`;
  for (const [row, way, originals, copies] of PAPER) await clerk.act(path, "materials", { action: "meet", meet: { row, way, originals, copies } });
  await clerk.act(path, "materials", { action: "decide", row: "M06", needed: false, reason: "本人办理" });
  await clerk.act(path, "intake", { action: "issue_receipt", window: "A02", manner: "print" });
  for (let page = 0; page < PAGES; page += 1) {
    const bytes = scan(`${number}-${page}`);
    await clerk.upload(`/scans/${digest(bytes)}?case=${no}`, bytes);
    await clerk.act(path, "materials", { action: "file_scan", row: ROWS[page % ROWS.length], scan: digest(bytes) });
  }
  for (let row = PAGES; row < ROWS.length; row += 1) throw new Error("a case has a scan for every row: at least 5 pages");
  await clerk.act(path, "dispatch", { action: "push" });
  const review = (client, order) => client.act(path, "review", { department: "SCJG", order });
  await review(officer, { action: "accept" });
  await review(officer, { action: "suspend", procedure: "site_inspection", note: "需现场踏勘", days: 5 });
  await review(officer, { action: "resume", procedure: "site_inspection", report: "现场符合要求" });
  await review(decider, { action: "decide", outcome: "granted", document: await decider.document(path, Buffer.from(`%PDF-1.4\n% ${no}\n%%EOF\n`)) });
  return no;
}

/** Seconds that a command takes, and its largest memory. */
function timed(command, args, env = process.env) {
  const started = process.hrtime.bigint();
  const ended = spawnSync("/usr/bin/time", ["-f", "%M %U %S", command, ...args], { encoding: "utf8", env, maxBuffer: 1 << 26, cwd: folder });
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  if (ended.status !== 0) throw new Error(`${command} ${args.join(" ")}: ${ended.status} ${ended.stdout}${ended.stderr}`);
  const [kib, user, system] = ended.stderr.trim().split("\n").at(-1).split(" ").map(Number);
  return { seconds, mib: Math.round(kib / 1024), cpu: user + system, out: ended.stdout };
}
const sync = () => execFileSync("sync", ["-f", folder]);
/** Both sides begin alike: what they read is in memory, or nothing of it is. */
function level(...places) {
  sync();
  if (process.env.COUNTERFOIL_ROUND_COLD) return writeFileSync("/proc/sys/vm/drop_caches", "3");
  execFileSync("sh", ["-c", 'find "$@" -type f -print0 | xargs -0 cat > /dev/null', "sh", ...places], { cwd: folder });
}
const median = (runs) => [...runs].sort((one, two) => one.seconds - two.seconds)[Math.floor(runs.length / 2)];
const cli = (...args) => timed(resolve(binary), ["--data", resolve(data), "--json", ...args]);

const lines = (text) => text.trim().split("\n").map((each) => JSON.parse(each));

/** Closes the cases, has their pages read, and seals their round; its number. */
async function prepared() {
  setTime("2026-03-09T09:00:00+08:00");
  prepare(binary, data);
  const hall = await serve(binary, data);
  const cases = [];
  try {
    const started = Date.now();
    const clerks = [];
    const clerk = await signIn(hall.origin, "c001");
    const officer = await signIn(hall.origin, "scjg-02");
    const decider = await signIn(hall.origin, "scjg-03");
    let next = 0;
    for (let place = 0; place < AT_ONCE; place += 1) {
      clerks.push((async () => {
        while (next < CASES) {
          const number = next++;
          cases.push(await closed(clerk, officer, decider, number));
          if (cases.length % 200 === 0) say(`${cases.length} cases closed, ${Math.round((Date.now() - started) / 1000)} s`);
        }
      })());
    }
    await Promise.all(clerks);
    const pending = async () => {
      const text = await (await fetch(`${hall.origin}/metrics`, { headers: { cookie: clerk.cookie } })).text();
      return Number(/^counterfoil_scans_pending (\d+)/m.exec(text)?.[1] ?? Number.NaN);
    };
    for (let left = await pending(); left !== 0; left = await pending()) {
      if (Number.isNaN(left)) throw new Error("the metrics say nothing of pending scans");
      await sleep(2000);
    }
    say(`${CASES} cases closed and ${CASES * PAGES} pages read in ${Math.round((Date.now() - started) / 1000)} s`);
  } finally {
    await hall.stop();
  }
  setTime("2026-04-07T09:00:00+08:00");
  say(`tick: ${cli("transfer", "tick").out.trim()}`);
  const round = lines(cli("transfer", "status", "--of", "site/YLZX").out).find((each) => each.month)?.id;
  if (!round) throw new Error("no round was opened");
  const found = cli("transfer", "reconcile", round, "--as", "c001", ...cases);
  say(`looked up: ${found.seconds.toFixed(1)} s, ${found.mib} MiB`);
  const sealed = cli("transfer", "seal", round, "--as", "c001");
  say(`derived, checked and sealed: ${sealed.seconds.toFixed(1)} s, ${sealed.mib} MiB, ${sealed.cpu.toFixed(0)} CPU-s`);
  return round;
}

const kept = join(folder, "round.txt");
if (!existsSync(kept)) writeFileSync(kept, await prepared());
const round = readFileSync(kept, "utf8");
const out = resolve(folder, "round.tar");
const write = () => {
  rmSync(out, { force: true });
  level("data");
  const run = cli("transfer", "package", round, "--output", out);
  const before = process.hrtime.bigint();
  sync();
  run.seconds += Number(process.hrtime.bigint() - before) / 1e9;
  return run;
};
const ours = [write()];
const bytes = statSync(out).size;
const rate = (run) => `${run.seconds.toFixed(2)} s, ${Math.round(bytes / run.seconds / 1e6)} MB/s, ${run.mib} MiB`;
execFileSync("tar", ["xf", out], { cwd: folder });
const bag = execFileSync("tar", ["tf", out], { encoding: "utf8", maxBuffer: 1 << 26 }).split("/")[0];
const files = Number(execFileSync("sh", ["-c", `find '${bag}/data' -type f | wc -l`], { cwd: folder, encoding: "utf8" }));
say(`package: ${files} files of payload, ${(bytes / 1e9).toFixed(2)} GB`);
const theirs = [];
const source = join(folder, bag, "data");
for (let run = 0; run < RUNS; run += 1) {
  if (run > 0) ours.push(write());
  if (!bagit) continue;
  execFileSync("sh", ["-c", `rm -rf linked linked.tar; cp -al '${bag}/data' linked`], { cwd: folder });
  level("linked");
  const script = `python3 '${resolve(bagit)}' --quiet --sha256 linked && tar cf linked.tar linked && sync -f .`;
  theirs.push(timed("sh", ["-c", script]));
}
if (!existsSync(source)) throw new Error("the package has no payload");
say(`written from the blobs as one tar: ${rate(median(ours))} (${ours.map((run) => run.seconds.toFixed(1)).join(" ")})`);
if (bagit) {
  const [one, two] = [median(ours), median(theirs)];
  say(`bagit.py and tar on the same payload: ${rate(two)} (${theirs.map((run) => run.seconds.toFixed(1)).join(" ")}); ours is ${(two.seconds / one.seconds).toFixed(1)} times as fast`);
}

const vkey = lines(execFileSync(binary, ["--data", data, "--json", "keys", "show"], { encoding: "utf8" })).find((key) => key.key === "log" && key.in_force).public;
const judged = [];
const validated = [];
for (let run = 0; run < RUNS; run += 1) {
  level(bag);
  judged.push(timed(resolve(binary), ["--json", "verify", join(resolve(folder), bag), "--log-key", vkey], { PATH: process.env.PATH }));
  level(bag);
  if (bagit) validated.push(timed("python3", [resolve(bagit), "--quiet", "--validate", "--processes", "2", bag]));
}
const said = lines(judged[0].out).at(-1);
say(`verified with every proof: ${rate(median(judged))}; ${JSON.stringify(said).slice(0, 300)}`);
if (bagit) say(`bagit.py --validate --processes 2: ${rate(median(validated))}; ours is ${(median(validated).seconds / median(judged).seconds).toFixed(1)} times as fast`);
