/* Reads a credential's QR code, where the browser can, and goes to its address. */

import { scanInto } from "./attendance/scanner.js";

const part = document.querySelector("[data-scan]");
const [button, video, told] = ["scan", "camera", "scanned"].map((id) => document.getElementById(id));
const CREDENTIAL = /^\/credentials\/[0-9a-f-]{36}$/;

function tell(text, link) {
  told.hidden = false;
  told.replaceChildren(text);
  if (link) {
    const anchor = document.createElement("a");
    anchor.href = link.href;
    anchor.rel = "noreferrer";
    anchor.textContent = link.href;
    told.append(" ", anchor);
  }
}

function open(text) {
  let address = null;
  try {
    address = new URL(text.trim());
  } catch {
    /* no address: it is told as it is */
  }
  if (!address || !["https:", "http:"].includes(address.protocol)) {
    tell(`${part.dataset.other} ${text}`);
  } else if (address.origin === location.origin && CREDENTIAL.test(address.pathname)) {
    location.assign(address.pathname);
  } else {
    tell(part.dataset.elsewhere, address);
  }
}

document.getElementById("by-address").addEventListener("submit", (event) => {
  event.preventDefault();
  open(document.getElementById("address").value);
});
if ("BarcodeDetector" in globalThis && navigator.mediaDevices) {
  button.hidden = false;
  scanInto(button, video, open, () => tell(part.dataset.unable));
} else {
  document.getElementById("no-scanner").hidden = false;
}
