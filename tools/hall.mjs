// A hall for scripts: a data folder with the fixture catalogue and its people, a server on a free port, and clients that
// sign in over the real HTTP interface.
import { execFileSync, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { createInterface } from "node:readline";

const FIRST_PASSWORD = "first password, to be changed";
const OWN_PASSWORD = "my own long password 7";

/** People of the fixture catalogue: id and role. */
export const PEOPLE = [
  ["c001", "clerk@site/YLZX"],
  ["scjg-02", "department_officer@department/SCJG"],
  ["scjg-01", "chief_representative@department/SCJG"],
  ["scjg-03", "department_officer@department/SCJG"],
  ["s001", "supervisor@site/YLZX"],
];

/** The time codes are made for; a script may set the hall's own. */
export const clock = { now: () => Date.now() };

/** The name everyone here has; it must appear in no leaf and no log line. */
export const STAFF_NAME = "演示人员";

/** Imports the catalogue and enrols the people; gives back what the commands printed. */
export function prepare(binary, data) {
  const cli = (args, input = "") => execFileSync(binary, ["--data", data, ...args], { input, encoding: "utf8", stdio: ["pipe", "pipe", "inherit"] });
  const imported = cli(["catalogue", "import", "fixtures/catalogue"]).split("\n").slice(-3).join("\n").trim();
  const three = ["系统员", "安全员", "审计员"].map((name) => `${name}\n${FIRST_PASSWORD}\n`).join("");
  const enrolled = [cli(["user", "init", "--system", "sys01", "--security", "sec01", "--audit", "aud01"], three).trim()];
  for (const [id, role] of PEOPLE) enrolled.push(cli(["user", "add", id, "--role", role], `${STAFF_NAME}\n${FIRST_PASSWORD}\n`).trim());
  return { imported, enrolled };
}

/** Starts the server; `stop` ends it and `log` is what it logged so far. */
export async function serve(binary, data) {
  const server = spawn(binary, ["--data", data, "--json", "serve", "--listen", "127.0.0.1:0"], { stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  server.stderr.on("data", (chunk) => { log += chunk; });
  const lines = createInterface({ input: server.stdout });
  const said = JSON.parse((await lines[Symbol.asyncIterator]().next()).value);
  const stop = async () => {
    server.kill("SIGTERM");
    await new Promise((ended) => server.on("exit", ended));
  };
  return { origin: `http://${said.listening}`, log: () => log, stop };
}

let requests = 0;

/** Somebody with a cookie. Every answer that is not a success is an error that says which. */
export class Client {
  cookie = "";
  constructor(origin) {
    this.base = `${origin}/api/v1`;
  }
  async send(method, path, body, version) {
    const headers = { "content-type": "application/json", "idempotency-key": `demo-${++requests}`, cookie: this.cookie };
    if (version) headers["if-match"] = version;
    const answer = await fetch(this.base + path, { method, headers, body: body && JSON.stringify(body) });
    const set = answer.headers.get("set-cookie");
    if (set) this.cookie = set.split(";")[0];
    const json = await answer.json().catch(() => null);
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(json)}`);
    return { json, etag: answer.headers.get("etag") };
  }
  async upload(path, bytes) {
    const answer = await fetch(this.base + path, { method: "PUT", headers: { cookie: this.cookie }, body: bytes });
    if (!answer.ok) throw new Error(`PUT ${path}: ${answer.status} ${await answer.text()}`);
  }
  /** Keeps a document or signature with a case; its digest. */
  async document(subject, bytes) {
    const headers = { "idempotency-key": `demo-${++requests}`, cookie: this.cookie };
    const answer = await fetch(`${this.base}${subject}/documents`, { method: "POST", headers, body: bytes });
    if (!answer.ok) throw new Error(`POST ${subject}/documents: ${answer.status} ${await answer.text()}`);
    return (await answer.json()).digest;
  }
  /** Prints a form of a case and fetches it. */
  async print(subject, form) {
    const { json } = await this.send("POST", `${subject}/forms`, { form });
    const answer = await fetch(new URL(json.link, this.base), { headers: { cookie: this.cookie } });
    if (!answer.ok) throw new Error(`GET ${json.link}: ${answer.status} ${await answer.text()}`);
    return { ...json, bytes: Buffer.from(await answer.arrayBuffer()) };
  }
  async act(subject, action, body) {
    const { etag } = await this.send("GET", subject);
    return (await this.send("POST", `${subject}/${action}`, body, etag)).json;
  }
}

function totp(uri) {
  const bits = [...new URL(uri).searchParams.get("secret")].map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(clock.now() / 30000)));
  const mac = createHmac("sha1", key).update(step).digest();
  const at = mac[19] & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1000000).padStart(6, "0");
}

/** Shows the password once more, for what asks for a fresh proof. */
export const stepUp = (client) => client.send("POST", "/session/password-proof", { password: OWN_PASSWORD });

/**
 * Signs in for the first time: a password of one's own, and a second factor where the role asks for one. Signs in `again`
 * with that password.
 */
export async function signIn(origin, staff, again = false) {
  const client = new Client(origin);
  let { json } = await client.send("POST", "/session", { staff, password: again ? OWN_PASSWORD : FIRST_PASSWORD });
  if (json.stage === "set_password") json = (await client.send("PUT", "/session/password", { password: OWN_PASSWORD })).json;
  if (json.stage === "enrol_factor") {
    const setup = (await client.send("POST", "/session/totp", {})).json;
    json = (await client.send("PUT", "/session/totp", { code: totp(setup.uri) })).json;
  }
  if (json.stage !== "full") throw new Error(`${staff} is not signed in: ${json.stage}`);
  return client;
}
