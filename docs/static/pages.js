"use strict";
// What scrolls sideways can be reached with the keyboard, and captions of the navigation have a level.
addEventListener("load", () => {
  document.querySelectorAll('.caption[role="heading"]').forEach((each) => each.setAttribute("aria-level", "2"));
  document.querySelectorAll("aside.sidebar-drawer").forEach((each) => each.setAttribute("aria-label", "All pages"));
  document.querySelectorAll(".table-wrapper, .highlight pre").forEach((each) => {
    if (each.scrollWidth > each.clientWidth) each.tabIndex = 0;
  });
});
