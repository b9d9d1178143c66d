/** Begins the page: asks what there is to see, then shows it. */
import { render } from "preact";
import { App } from "./app.js";
import { sentenceOf } from "./source/index.js";
import { Session, SessionProvider } from "./state/session.js";

const OPEN_AGAIN_MS = 2_000;
const root = document.getElementById("page");
if (root !== null) void open(root);

async function open(root: HTMLElement): Promise<void> {
  try {
    const session = await Session.open();
    root.replaceChildren();
    render(
      <SessionProvider value={session}>
        <App />
      </SessionProvider>,
      root,
    );
  } catch (error) {
    root.textContent = `The page could not be opened: ${sentenceOf(error)} It is tried again by itself.`;
    setTimeout(() => void open(root), OPEN_AGAIN_MS);
  }
}
