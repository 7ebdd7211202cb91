"use strict";
(() => {
  const root = document.documentElement;
  const language = () => root.dataset.lang;
  const words = JSON.parse(document.getElementById("plotly-words").textContent);
  const buttons = [...document.querySelectorAll(".languages button")];
  const figures = [...document.querySelectorAll("figure[data-views]")].map((figure) => ({
    figure,
    views: JSON.parse(document.getElementById(figure.dataset.views).textContent),
    place: figure.querySelector(".plot"),
    select: figure.querySelector("select"),
    title: figure.querySelector("h3"),
    drawn: false,
  }));

  // Words of a figure come as {en, ja}; a plain string is the same in both languages.
  function said(value) {
    if (Array.isArray(value)) return value.map(said);
    if (value === null || typeof value !== "object") return value;
    if ("en" in value && "ja" in value) return value[language()];
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, said(each)]));
  }

  function layoutOf(view) {
    const narrow = window.innerWidth < 640;
    const layout = said(view.layout);
    const font = { size: narrow ? 11 : 13 };
    const axis = { gridcolor: "#ececec", linecolor: "#222", ticks: "outside", ticklen: 4, zeroline: false, automargin: true };
    return {
      hovermode: "x unified",
      ...layout,
      xaxis: { ...axis, ...layout.xaxis, title: { ...layout.xaxis.title, font, standoff: 8 } },
      yaxis: { ...axis, ...layout.yaxis, title: { ...layout.yaxis.title, font, standoff: 14 } },
      font: { family: getComputedStyle(document.body).fontFamily, ...font, color: "#222" },
      margin: { l: 70, r: 14, t: 46, b: 48 },
      paper_bgcolor: "#fff",
      plot_bgcolor: "#fff",
      dragmode: narrow ? false : "zoom",
      legend: { orientation: "h", x: 0, y: -0.2, yanchor: "top", traceorder: "normal" },
      autosize: true,
    };
  }

  function draw(one) {
    const view = one.views[one.select ? one.select.selectedIndex : 0];
    const config = {
      responsive: true,
      displaylogo: false,
      locale: language(),
      locales: { ja: { dictionary: words } },
      displayModeBar: window.innerWidth < 640 ? false : "hover",
      // Named one by one: others offer to send the figure to a server.
      modeBarButtons: [["toImage", "zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "resetScale2d"]],
      showSendToCloud: false,
      plotlyServerURL: "",
      toImageButtonOptions: { format: "svg", filename: one.figure.id },
    };
    one.figure.classList.add("drawn");
    one.drawn = true;
    Plotly.react(one.place, said(view.traces), layoutOf(view), config).then(() => {
      name(one);
      one.place.removeAllListeners("plotly_relayout");
      one.place.on("plotly_relayout", () => name(one));
    });
  }

  // To who cannot see it, a drawing is its name and its buttons, not hundreds of marks.
  function name(one) {
    document.getElementById("js-plotly-tester").setAttribute("aria-hidden", "true");
    one.place.querySelectorAll("svg").forEach((svg) => svg.setAttribute("aria-hidden", "true"));
    one.place.querySelector('[role="toolbar"]')?.setAttribute("aria-label", one.title.innerText);
    one.place.querySelectorAll('[data-attr="dragmode"]').forEach((button) =>
      button.setAttribute("aria-pressed", String(button.dataset.val === one.place.layout.dragmode)));
  }

  // What scrolls can be reached with the keyboard; what does not is no stop on the way.
  function reach() {
    document.querySelectorAll("[data-named]").forEach((each) => {
      const scrolls = each.scrollWidth > each.clientWidth && !each.closest(".drawn");
      const stop = { tabindex: "0", role: "group", "aria-labelledby": each.dataset.named };
      for (const [name, value] of Object.entries(stop))
        if (scrolls) each.setAttribute(name, value);
        else each.removeAttribute(name);
    });
  }

  function label(one) {
    if (!one.select) return;
    [...one.select.options].forEach((option, place) => {
      option.textContent = one.views[place].names.map(said).join(" – ");
    });
  }

  // With the keyboard: + and - change the span of the first axis, arrows move it, 0 shows all;
  // 1 to 9 do what a click on an entry of the legend does.
  function move(one, event) {
    const steps = { "+": [0.7, 0], "=": [0.7, 0], "-": [1 / 0.7, 0], ArrowLeft: [1, -0.15], ArrowRight: [1, 0.15] };
    if (event.target !== one.place || event.ctrlKey || event.metaKey || event.altKey) return;
    const axis = one.place.layout.xaxis;
    const named = one.place.data.flatMap((each, place) => (each.showlegend === false ? [] : [place]));
    const lines = Object.fromEntries(named.slice(0, 9).map((place, entry) => [String(entry + 1), place]));
    if (event.key === "0") {
      const all = one.views[one.select ? one.select.selectedIndex : 0].layout.xaxis.autorange || true;
      Plotly.relayout(one.place, { "xaxis.autorange": all, "yaxis.autorange": true });
    } else if (event.key in steps && axis.range) {
      const [scale, shift] = steps[event.key];
      const [left, right] = axis.range.map(Number);
      const middle = (left + right) / 2 + shift * (right - left);
      const half = ((right - left) / 2) * scale;
      Plotly.relayout(one.place, { "xaxis.range": [middle - half, middle + half] });
    } else if (event.key in lines) {
      const line = lines[event.key];
      const hidden = one.place.data[line].visible === "legendonly";
      Plotly.restyle(one.place, { visible: hidden ? true : "legendonly" }, [line]);
    } else return;
    event.preventDefault();
  }

  function speak(which) {
    root.dataset.lang = which;
    root.lang = which;
    document.title = root.dataset[which === "ja" ? "titleJa" : "titleEn"];
    buttons.forEach((button) => button.setAttribute("aria-pressed", String(button.value === which)));
    for (const name of ["alt", "aria-label"])
      document.querySelectorAll(`[data-${name}-${which}]`).forEach((each) =>
        each.setAttribute(name, each.getAttribute(`data-${name}-${which}`)));
    figures.forEach((one) => {
      label(one);
      if (one.drawn) draw(one);
    });
    reach();
  }

  buttons.forEach((button) => button.addEventListener("click", () => speak(button.value)));
  figures.forEach((one) => {
    one.select?.addEventListener("change", () => draw(one));
    one.place.addEventListener("keydown", (event) => move(one, event));
  });
  speak(language());
  figures.forEach(draw);
  window.addEventListener("resize", reach);

  // On paper nothing can be unfolded.
  let folded = [];
  window.addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")];
    folded.forEach((each) => (each.open = true));
  });
  window.addEventListener("afterprint", () => folded.forEach((each) => (each.open = false)));
})();
