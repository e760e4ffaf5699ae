/* Reads QR codes with the camera, where the browser has a BarcodeDetector. */

const PAUSE = 250;
const AGAIN = 3000;

export const scanInto = (button, video, found, unable) => {
  let stream = null;
  const stop = () => {
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
    video.hidden = true;
    button.setAttribute("aria-pressed", "false");
  };
  const watch = async (detector, seen) => {
    if (!stream) return;
    for (const { rawValue } of await detector.detect(video).catch(() => [])) {
      if (Date.now() - (seen.get(rawValue) ?? 0) > AGAIN) await found(rawValue);
      seen.set(rawValue, Date.now());
    }
    setTimeout(() => watch(detector, seen), PAUSE);
  };
  button.addEventListener("click", async () => {
    if (stream) {
      stop();
      return;
    }
    try {
      const detector = new BarcodeDetector({ formats: ["qr_code"] });
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      video.srcObject = stream;
      video.hidden = false;
      await video.play();
      button.setAttribute("aria-pressed", "true");
      watch(detector, new Map());
    } catch {
      stop();
      unable();
    }
  });
};
