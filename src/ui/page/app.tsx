/** The page: its head, the view that is chosen with the job beside it, and the time line at the foot. */
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { listenToKeys } from "./state/keys.js";
import type { View } from "./state/route.js";
import { useSession } from "./state/session.js";
import { Head } from "./views/head.js";
import { HelpDialog } from "./views/help-dialog.js";
import { JobPanel } from "./views/job-panel.js";
import { JobsView } from "./views/jobs-view.js";
import { LogView } from "./views/log-view.js";
import { MachineView } from "./views/machine-view.js";
import { Overview } from "./views/overview.js";
import { Scrubber } from "./views/scrubber.js";
import { SlotsView } from "./views/slots-view.js";
import { WhatIfView } from "./views/whatif-view.js";

export function App(): JSX.Element {
  const session = useSession();
  const { route, notice, playhead } = session;
  useEffect(() => listenToKeys(session), [session]);
  const job = route.job.value;
  return (
    <div class={`page${playhead.isLive.value ? "" : " past"}`}>
      <Head />
      <div class={`stage${job === null ? "" : " with-job"}`}>
        <main id="view" tabIndex={-1}>
          <Shown view={route.view.value} />
        </main>
        {job !== null && <JobPanel key={job} id={job} />}
      </div>
      <Scrubber />
      <div class="notices" role="status" aria-live="polite">
        {notice.value !== null && <p class={`notice ${notice.value.kind}`}>{notice.value.text}</p>}
      </div>
      <HelpDialog />
    </div>
  );
}

function Shown({ view }: { view: View }): JSX.Element {
  switch (view) {
    case "overview":
      return <Overview />;
    case "machines":
      return <MachineView />;
    case "slots":
      return <SlotsView />;
    case "log":
      return <LogView />;
    case "jobs":
      return <JobsView />;
    case "whatif":
      return <WhatIfView />;
    default:
      return view satisfies never;
  }
}
