// Checks a dossier within this page, by docs/dossier.md and docs/ledger.md. Nothing is sent
// anywhere: the page's policy allows no connection.

import {
  Wrong, base64, base64url, bytes, decoder, equal, hex, membersOf, need, same, sha256, unhex,
} from "./verify_octets.js";

const TERMS_ZH = {
  claim: "申报", achievement: "学习成果", unit: "单元", persona: "学习者", published: "已发布",
  verified: "已认证", refused: "已拒绝", superseded: "已取代", revoked: "已吊销", claimed: "已申报",
  queued: "待发送", sent: "已发送", accepted: "已接受", rejected: "未接受", withdrawn: "已撤回",
  erased: "已删除", merged: "已合并", unmerged: "已分开", whole: "完整", members: "部分成员",
  hash: "仅散列值", hidden: "不显示",
};
const zh = (term) => TERMS_ZH[term] ?? term;

const WORDS = {
  en: {
    reading: "Checking…",
    members: (count, origin, at) => `${count} members as signed by ${origin} on ${at}`,
    key: (key) => `the ledger's key is ${key}; compare it with /ledger/keys of the service`,
    trusted: () => "signed by the key that you trust",
    checkpoint: (size) => `checkpoint of ${size} leaves, signed by the ledger`,
    leaf: (index, kind, about, at) => `leaf ${index}: ${kind} (${about}), ${at}`,
    gone: (index, kind, about, at) => `leaf ${index}: ${kind} (${about}), ${at}; its content was erased`,
    status: (claim, achievement) => `claim ${claim}, achievement ${achievement}, as logged`,
    erased: (at) => `erased on ${at}: the personal data was destroyed, the leaves stand`,
    claim: (claim, unit) => `claim ${claim} for ${unit}, as logged`,
    unit: (unit) => `the rule ${unit}, as published`,
    statement: (id, shown) => `statement ${id} (${shown}), as logged`,
    receipt: (decision, bank, id) => `receipt: ${decision} by ${bank} (${id})`,
    unanswered: () => "the bank has not answered yet",
    stands: "Everything holds, and the credit stands.",
    fallen: "Everything holds, and it says that the credit does not stand.",
    false: "It does not hold: do not rely on this file.",
    insecure: "This page was not opened over https or on this machine, so the browser offers no " +
      "cryptography. Open it over https, or use: lrs verify FILE",
    old: "This browser cannot check Ed25519 signatures. Use a newer one, or: lrs verify FILE, " +
      "or docs/verify/verify_dossier.py",
  },
  zh: {
    reading: "正在核验……",
    members: (count, origin, at) => `${count} 个文件成员与 ${origin} 于 ${at} 的签名一致`,
    key: (key) => `账本公钥为 ${key}；请与系统的 /ledger/keys 比对`,
    trusted: () => "由您信任的公钥签名",
    checkpoint: (size) => `检查点含 ${size} 条记录，由账本签名`,
    leaf: (index, kind, about, at) => `第 ${index} 条：${zh(kind)}（${zh(about)}），${at}`,
    gone: (index, kind, about, at) => `第 ${index} 条：${zh(kind)}（${zh(about)}），${at}；其内容已删除`,
    status: (claim, achievement) => `申报${zh(claim)}、学习成果${zh(achievement)}，与账本一致`,
    erased: (at) => `已于 ${at} 删除：个人数据已销毁，账本条目仍有效`,
    claim: (claim, unit) => `申报 ${claim}（${unit}）与账本一致`,
    unit: (unit) => `规则 ${unit} 与发布版本一致`,
    statement: (id, shown) => `陈述 ${id}（${zh(shown)}）与账本一致`,
    receipt: (decision, bank, id) => `回执：${bank} 的决定为${zh(decision)}（${id}）`,
    unanswered: () => "学分银行尚未答复",
    stands: "全部核验通过，学分有效。",
    fallen: "全部核验通过，但该学分已不再有效。",
    false: "核验未通过：请勿采信此文件。",
    insecure: "本页面未通过 https 或本机打开，浏览器不提供密码功能。请通过 https 打开，或使用：lrs verify FILE",
    old: "此浏览器不能核验 Ed25519 签名。请使用较新的浏览器，或：lrs verify FILE，" +
      "或 docs/verify/verify_dossier.py",
  },
};

const words = WORDS[document.documentElement.lang.startsWith("zh") ? "zh" : "en"];
// --- Signed notes ------------------------------------------------------------------------------

async function keyOf(line) {
  const [name, id, ...rest] = line.split("+");
  const content = base64(rest.join("+"), "keys.txt");
  need(content.length === 33 && content[0] === 1, "keys.txt", "not an Ed25519 key");
  const digest = await sha256(bytes(`${name}\n`), content);
  need(hex(digest.subarray(0, 4)) === id, "keys.txt", "the key's id does not belong to it");
  const key = await crypto.subtle.importKey("raw", content.slice(1), "Ed25519", false, ["verify"]);
  return [`${name}+${id}`, key];
}

async function openNote(text, keys, where, strict) {
  const place = text.lastIndexOf("\n\n");
  need(place >= 0 && text.endsWith("\n"), where, "is not a signed note");
  const body = text.slice(0, place + 1);
  const signedBy = new Set();
  for (const line of text.slice(place + 2, -1).split("\n")) {
    const match = /^\u2014 ([^\s+]+) (\S+)$/.exec(line);
    need(match, where, "is not a signature line");
    const content = base64(match[2], where);
    const name = `${match[1]}+${hex(content.subarray(0, 4))}`;
    need(keys.has(name) || !strict, where, "a signature is of an unknown key");
    if (keys.has(name)) {
      const holds = await crypto.subtle.verify("Ed25519", keys.get(name), content.subarray(4), bytes(body));
      need(holds, where, "the signature does not belong to the text");
      signedBy.add(name);
    }
  }
  need(signedBy.size, where, "is signed by none of the ledger's keys");
  return [body, signedBy];
}

// --- The Merkle tree and what its leaves commit to ------------------------------------------------

async function rootOf(index, size, leaf, proof, where) {
  need(Number.isSafeInteger(index) && index >= 0 && index < size, where, "no such leaf in the tree");
  let node = index;
  let last = size - 1;
  let root = leaf;
  for (const sibling of proof) {
    need(sibling.length === 32 && last > 0, where, "the proof is not one of this tree");
    if (node % 2 || node === last) {
      root = await sha256(new Uint8Array([1]), sibling, root);
      while (node % 2 === 0 && node) {
        node = Math.floor(node / 2);
        last = Math.floor(last / 2);
      }
    } else {
      root = await sha256(new Uint8Array([1]), root, sibling);
    }
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  need(last === 0, where, "the proof is too short");
  return root;
}

async function commitmentOf(shown, where) {
  const digests = shown.hidden.map((one) => unhex(one, where));
  for (const field of shown.fields) {
    const salt = unhex(field.salt, where);
    const key = await crypto.subtle.importKey("raw", salt, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    const text = bytes(`${field.name}\0${field.text}`);
    digests.push(new Uint8Array(await crypto.subtle.sign("HMAC", key, text)));
  }
  digests.sort((one, other) => (hex(one) < hex(other) ? -1 : 1));
  return sha256(bytes("lrs-fields/1\n"), ...digests);
}

function leafOf(entry, where) {
  need(entry.length > 42 && entry[0] === 1 && entry.length === 42 + entry[1], where, "is not a leaf");
  const kind = decoder.decode(entry.subarray(2, 2 + entry[1]));
  const at = new DataView(entry.buffer, entry.byteOffset).getBigUint64(entry.length - 40);
  return [kind, new Date(Number(at / 1000n)).toISOString(), entry.subarray(entry.length - 32)];
}

// --- The dossier -----------------------------------------------------------------------------------

class Dossier {
  static async open(data, trusted) {
    const dossier = new Dossier();
    dossier.members = membersOf(data);
    dossier.head = dossier.json("dossier.json");
    dossier.leaves = dossier.json("leaves.json");
    dossier.keys = new Map();
    for (const line of dossier.text("keys.txt").trimEnd().split("\n")) {
      dossier.keys.set(...(await keyOf(line)));
    }
    dossier.trusted = trusted ? (await keyOf(trusted))[0] : null;
    dossier.fields = new Map();
    dossier.kinds = new Map();
    return dossier;
  }

  member(name) {
    need(this.members.has(name), name, "is missing");
    return this.members.get(name);
  }

  text(name) {
    try {
      return decoder.decode(this.member(name));
    } catch (error) {
      throw error instanceof Wrong ? error : new Wrong(`${name}: is not UTF-8`);
    }
  }

  json(name) {
    const text = this.text(name);
    try {
      return JSON.parse(text);
    } catch {
      throw new Wrong(`${name}: is not JSON`);
    }
  }

  async digest(name) {
    return hex(await sha256(this.member(name)));
  }

  async *check() {
    yield* this.manifest();
    const [size, root] = await this.checkpoint();
    yield words.checkpoint(size);
    yield* this.checkLeaves(size, root);
    yield this.status();
    if (this.head.erased) {
      need(this.fields.has("persona erased"), "leaves.json", "no leaf tells of the erasure");
      yield words.erased(this.head.erased);
      return;
    }
    yield await this.claim();
    yield await this.unit();
    yield* this.evidence();
    yield await this.receipt();
  }

  async *manifest() {
    need(this.members.keys().next().value === "manifest.txt", "manifest.txt", "must come first");
    const [text, signedBy] = await openNote(this.text("manifest.txt"), this.keys, "manifest.txt", true);
    const head = this.head;
    const lines = text.trimEnd().split("\n");
    const wanted = ["lrs-dossier/1", head.origin, head.claim, head.issued, head.profile];
    need(equal(lines.slice(0, 5), wanted), "manifest.txt", "is of another dossier");
    const others = [...this.members.keys()].slice(1);
    need(lines.length === 5 + others.length, "manifest.txt", "names other members");
    for (const [place, name] of others.entries()) {
      const found = `${await this.digest(name)} ${this.member(name).length} ${name}`;
      need(lines[5 + place] === found, name, "is not what was signed");
    }
    this.requireTrusted(signedBy, "manifest.txt");
    yield words.members(others.length, head.origin, head.issued);
    yield this.trusted ? words.trusted() : words.key(this.text("keys.txt").trimEnd().split("\n").pop());
  }

  requireTrusted(signedBy, where) {
    need(!this.trusted || signedBy.has(this.trusted), where, "is not signed by the key that you trust");
  }

  async checkpoint() {
    const [text, signedBy] = await openNote(this.text("checkpoint.txt"), this.keys, "checkpoint.txt", false);
    this.requireTrusted(signedBy, "checkpoint.txt");
    const [origin, size, root] = text.split("\n");
    need(origin === this.head.origin, "checkpoint.txt", "is of another log");
    return [Number(size), base64(root, "checkpoint.txt")];
  }

  async *checkLeaves(size, root) {
    let last = -1;
    for (const one of this.leaves) {
      const where = `leaves.json, leaf ${one.index}`;
      const entry = unhex(one.entry, where);
      const [kind, at, commitment] = leafOf(entry, where);
      need(one.index > last, where, "is out of order");
      last = one.index;
      const proof = one.proof.map((hash) => unhex(hash, where));
      const leaf = await sha256(new Uint8Array([0]), entry);
      need(same(await rootOf(last, size, leaf, proof, where), root), where, "is not in the log");
      this.kinds.set(one.about, kind);
      if (one.shown === null) {
        need(this.head.erased, where, "shows nothing, and nothing was erased");
        yield words.gone(last, kind, one.about, at);
        continue;
      }
      const shown = await commitmentOf(one.shown, where);
      need(same(shown, commitment), where, "shows other fields than were logged");
      const fields = Object.fromEntries(one.shown.fields.map((field) => [field.name, JSON.parse(field.text)]));
      this.fields.set(`${one.about} ${kind}`, [where, fields]);
      yield words.leaf(last, kind, one.about, at);
    }
  }

  logged(about, kind) {
    need(this.fields.has(`${about} ${kind}`), "leaves.json", `no leaf tells that it was ${kind}`);
    return this.fields.get(`${about} ${kind}`);
  }

  async claim() {
    const [where, claimed] = this.logged("claim", "claimed");
    const head = this.head;
    need(claimed.subject === head.claim, where, "is of another claim");
    need(claimed["body.achievement"] === head.achievement, where, "is of another achievement");
    const of = claimed["claim.unit"];
    need(`${of.code}/${of.version}` === head.unit, where, "is of another unit");
    if (this.members.has("claim.json")) {
      need((await this.digest("claim.json")) === claimed["body.claim_hash"], "claim.json", "is not what was claimed");
      const { learner, ...content } = this.json("claim.json");
      for (const [name, value] of Object.entries(learner)) content[`learner.${name}`] = value;
      for (const [name, value] of Object.entries(content)) {
        need(equal(claimed[`claim.${name}`], value), "claim.json", `${name} is not as logged`);
      }
    }
    const [place, verified] = this.logged("achievement", "verified");
    need(verified.subject === head.achievement, place, "is of another achievement");
    need(`${verified["body.unit"]}/${verified["body.version"]}` === head.unit, place, "is of another unit");
    const bound = claimed["claim.evidence_hash"] === verified["body.evidence_hash"];
    need(bound, place, "the claim is bound to other evidence");
    return words.claim(head.claim, head.unit);
  }

  async unit() {
    const [where, published] = this.logged("unit", "published");
    need(published.subject === this.head.unit, where, "is of another unit");
    need((await this.digest("unit.json")) === published["body.hash"], "unit.json", "is not the rule that was published");
    return words.unit(this.head.unit);
  }

  async *evidence() {
    const [, verified] = this.logged("achievement", "verified");
    for (const one of this.head.statements) {
      let name = `statements/${one.id}.json`;
      need(verified["body.evidence"][one.id] === one.sha256, name, "is not of the evidence");
      if (one.shown === "whole") {
        need((await this.digest(name)) === one.sha256, name, "is not the statement that was logged");
        for (const attachment of one.attachments) {
          const path = `attachments/${attachment.sha2}`;
          if (attachment.included && attachment.sha2.length === 64) {
            need((await this.digest(path)) === attachment.sha2, path, "is another attachment");
          }
        }
      } else if (one.shown === "members") {
        name = `statements/${one.id}.fields.json`;
        const found = hex(await commitmentOf(this.json(name), name));
        need(found === verified[`statement.${one.id}`], name, "shows other members than were logged");
      }
      yield words.statement(one.id, one.shown);
    }
  }

  async receipt() {
    const answer = this.fields.get("claim accepted") || this.fields.get("claim rejected");
    const where = "receipt.jws";
    if (!this.members.has(where)) {
      need(!answer, where, "is missing");
      return words.unanswered();
    }
    const [head, payload, signature] = this.text(where).split(".");
    const [header, content] = [head, payload].map((part) => JSON.parse(decoder.decode(base64url(part, where))));
    need(header.alg === "ES256" && header.typ === "receipt+jwt", where, "is not a receipt");
    const { kty, crv, x, y } = this.json("bank-key.json");
    let holds = false;
    try {
      const key = await crypto.subtle.importKey("jwk", { kty, crv, x, y }, { name: "ECDSA", namedCurve: "P-256" }, false, ["verify"]);
      holds = await crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key, base64url(signature, where), bytes(`${head}.${payload}`));
    } catch (error) {
      if (error instanceof Wrong) throw error;
    }
    need(holds, where, "the signature is not the bank's");
    need(content.outer_id === this.head.claim, where, "is for another claim");
    if (answer) {
      for (const name of ["claim_hash", "bank_id"]) {
        need(answer[1][`body.${name}`] === content[name], where, `${name} is not as logged`);
      }
    }
    return words.receipt(content.decision, content.iss, content.bank_id);
  }

  status() {
    const { claim_state: claim, achievement_state: achievement } = this.head;
    const wanted = claim === "queued" || claim === "sent" ? "claimed" : claim;
    need(this.kinds.get("claim") === wanted, "dossier.json", "claim_state is not as logged");
    need(this.kinds.get("achievement") === achievement, "dossier.json", "achievement_state is not as logged");
    return words.status(claim, achievement);
  }

  stands() {
    const { claim_state: claim, achievement_state: achievement, erased } = this.head;
    return ["queued", "sent", "accepted"].includes(claim) && achievement === "verified" && !erased;
  }
}

// --- The page --------------------------------------------------------------------------------------

const lines = document.getElementById("lines");
const result = document.getElementById("result");

function say(mark, text) {
  const line = document.createElement("li");
  line.className = mark === "✓" ? "holds" : "fails";
  line.textContent = `${mark} ${text}`;
  lines.append(line);
}

function conclude(state, text) {
  result.className = `note ${state}`;
  result.textContent = text;
}

async function supported() {
  if (!globalThis.crypto?.subtle) return words.insecure;
  try {
    await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]);
    return null;
  } catch {
    return words.old;
  }
}

async function verifyFile(file, trusted) {
  lines.replaceChildren();
  conclude("", words.reading);
  const missing = await supported();
  if (missing) {
    conclude("fails", missing);
    return;
  }
  try {
    const dossier = await Dossier.open(new Uint8Array(await file.arrayBuffer()), trusted);
    for await (const line of dossier.check()) say("✓", line);
    conclude(dossier.stands() ? "holds" : "fallen", dossier.stands() ? words.stands : words.fallen);
  } catch (error) {
    say("✗", error instanceof Wrong ? error.message : `the file is not of the documented form: ${error.message}`);
    conclude("fails", words.false);
  }
}

const chosen = document.getElementById("dossier");
const trusted = document.getElementById("trusted");

function begin() {
  if (chosen.files.length) verifyFile(chosen.files[0], trusted.value.trim());
}

chosen.addEventListener("change", begin);
trusted.addEventListener("change", begin);
