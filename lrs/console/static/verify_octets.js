// Octets, their texts and hashes, and the archive that a dossier is (docs/dossier.md, "The file").

const encoder = new TextEncoder();
export const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export class Wrong extends Error {}

export function need(holds, where, rule) {
  if (!holds) throw new Wrong(`${where}: ${rule}`);
}

function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export const bytes = (text) => encoder.encode(text);
export const hex = (content) => Array.from(content, (one) => one.toString(16).padStart(2, "0")).join("");
export const same = (one, other) => hex(one) === hex(other);
export const sha256 = async (...parts) =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", joined(...parts)));

export function unhex(text, where) {
  need(/^(?:[0-9a-f]{2})*$/.test(text), where, "is not hex");
  return Uint8Array.from(text.match(/../g) || [], (pair) => parseInt(pair, 16));
}

export function base64(text, where) {
  let content;
  try {
    content = atob(text);
  } catch {
    throw new Wrong(`${where}: is not base64`);
  }
  need(btoa(content) === text, where, "base64 is not canonical");
  return Uint8Array.from(content, (one) => one.charCodeAt(0));
}

export function base64url(text, where) {
  need(/^[A-Za-z0-9_-]*$/.test(text), where, "is not base64url");
  const padded = text.replace(/-/g, "+").replace(/_/g, "/");
  return base64(padded + "=".repeat((4 - (padded.length % 4)) % 4), where);
}

export function equal(one, other) {
  if (one === null || other === null || typeof one !== "object" || typeof other !== "object") {
    return one === other;
  }
  const names = Object.keys(one);
  return names.length === Object.keys(other).length &&
    names.every((name) => Object.hasOwn(other, name) && equal(one[name], other[name]));
}

// --- The container: a ZIP that can be written in one way only ----------------------------------

const CRC = Uint32Array.from({ length: 256 }, (_, number) => {
  for (let bit = 0; bit < 8; bit += 1) number = number & 1 ? 0xedb88320 ^ (number >>> 1) : number >>> 1;
  return number;
});

function crc32(content) {
  let crc = 0xffffffff;
  for (const one of content) crc = CRC[(crc ^ one) & 0xff] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

function packed(...numbers) {
  const whole = new DataView(new ArrayBuffer(numbers.reduce((size, [width]) => size + width, 0)));
  let at = 0;
  for (const [width, number] of numbers) {
    if (width === 2) whole.setUint16(at, number, true);
    else whole.setUint32(at, number, true);
    at += width;
  }
  return new Uint8Array(whole.buffer);
}

export function membersOf(data) {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const members = new Map();
  const directory = [];
  let at = 0;
  while (at + 30 <= data.length && view.getUint32(at, true) === 0x04034b50) {
    const crc = view.getUint32(at + 14, true);
    const size = view.getUint32(at + 22, true);
    const length = view.getUint16(at + 26, true);
    const where = `octet ${at}`;
    const name = String.fromCharCode(...data.subarray(at + 30, at + 30 + length));
    need(/^[a-z0-9][a-z0-9.-]*(?:\/[a-z0-9][a-z0-9.-]*)*$/.test(name), where, "bad name");
    need(!members.has(name), where, "a name stands twice");
    const common = packed([2, 20], [2, 0], [2, 0], [2, 0], [2, 33], [4, crc], [4, size], [4, size],
      [2, length], [2, 0]);
    const header = joined(packed([4, 0x04034b50]), common, bytes(name));
    need(same(data.subarray(at, at + header.length), header), where, "the header is not as it must be");
    const start = at + header.length;
    const content = data.subarray(start, start + size);
    need(content.length === size && crc32(content) === crc, name, "was changed");
    directory.push(packed([4, 0x02014b50], [2, 20]), common,
      packed([2, 0], [2, 0], [2, 0], [4, 0], [4, at]), bytes(name));
    members.set(name, content);
    at = start + size;
  }
  const entries = joined(...directory);
  const end = packed([4, 0x06054b50], [2, 0], [2, 0], [2, members.size], [2, members.size],
    [4, entries.length], [4, at], [2, 0]);
  need(same(data.subarray(at), joined(entries, end)), `octet ${at} or later`, "bad directory");
  return members;
}
