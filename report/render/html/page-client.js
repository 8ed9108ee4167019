// Runs in the report: draws the time line, and opens what somebody wants to see.
"use strict";
{
  const open = (element) => {
    if (element instanceof HTMLDetailsElement) element.open = true;
  };
  const goTo = (id) => {
    const fault = document.querySelector(`#fault-${id}`);
    open(fault);
    fault?.scrollIntoView({ block: "start" });
    fault?.querySelector("summary")?.focus({ preventScroll: true });
  };
  const openHash = () => open(document.getElementById(location.hash.slice(1)));
  addEventListener("hashchange", openHash);
  openHash();

  // On paper nothing can be opened.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const details of closed) details.open = true;
  });
  addEventListener("afterprint", () => {
    for (const details of closed) details.open = false;
  });

  const host = document.getElementById("timeline");
  const data = JSON.parse(document.getElementById("timeline-data").textContent);
  if (data.at_ms.length > 1) {
    host.hidden = false;
    try {
      globalThis.Faultline.mountTimeline(host, data, { onFault: goTo });
      document.body.classList.add("has-timeline");
    } catch (error) {
      // The picture stays.
      host.hidden = true;
      console.error(error);
    }
  }
}
