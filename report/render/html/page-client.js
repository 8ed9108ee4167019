// Runs in the report: draws the time line, and opens what somebody wants to see.
const unfold = (element) => {
  if (element instanceof HTMLDetailsElement) element.open = true;
};
const goToFault = (id) => {
  const fault = document.querySelector(`#fault-${id}`);
  unfold(fault);
  fault?.scrollIntoView({ block: "start" });
  fault?.querySelector("summary")?.focus({ preventScroll: true });
};
const unfoldHash = () => unfold(document.getElementById(location.hash.slice(1)));
addEventListener("hashchange", unfoldHash);
unfoldHash();

// On paper nothing can be opened.
let unfoldedToPrint = [];
addEventListener("beforeprint", () => {
  unfoldedToPrint = [...document.querySelectorAll("details:not([open])")];
  for (const details of unfoldedToPrint) details.open = true;
});
addEventListener("afterprint", () => {
  for (const details of unfoldedToPrint) details.open = false;
});

const timelineHost = document.querySelector("#timeline");
const timelineData = JSON.parse(document.querySelector("#timeline-data").textContent);
if (timelineData.at_ms.length > 1) {
  timelineHost.hidden = false;
  try {
    globalThis.Faultline.mountTimeline(timelineHost, timelineData, { onFault: goToFault });
    document.body.classList.add("has-timeline");
  } catch (error) {
    // The picture stays.
    timelineHost.hidden = true;
    console.error(error);
  }
}
