
"use strict";
// Whoever points at a chart, or moves along it with the arrow keys, reads the values there.
for (const plot of document.querySelectorAll(".plot")) {
  const points = JSON.parse(plot.dataset.points);
  const svg = plot.querySelector("svg");
  const guide = plot.querySelector(".guide");
  const spots = plot.querySelectorAll(".spot");
  const tip = plot.querySelector(".tip");
  let place = -1;

  function show(index) {
    place = Math.max(0, Math.min(points.x.length - 1, index));
    const x = points.x[place];
    guide.setAttribute("x1", x);
    guide.setAttribute("x2", x);
    points.lines.forEach((line, i) => {
      const y = line.y[place];
      spots[i].classList.toggle("here", y !== null);
      spots[i].setAttribute("cx", x);
      spots[i].setAttribute("cy", y === null ? 0 : y);
    });
    const values = points.lines.map((line) => line.name + ": " + line.says[place]);
    tip.textContent = [points.at[place], ...values].join("\n");
    tip.hidden = false;
    svg.classList.add("pointed");
    // Beside the guide, on the side that has more room.
    const at = (x / svg.viewBox.baseVal.width) * svg.clientWidth;
    const left = at > svg.clientWidth / 2 ? at - tip.offsetWidth - 10 : at + 10;
    tip.style.left = Math.max(0, left) + "px";
  }

  function hide() {
    svg.classList.remove("pointed");
    tip.hidden = true;
    place = -1;
  }

  function point(event) {
    const box = svg.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * svg.viewBox.baseVal.width;
    let nearest = 0;
    points.x.forEach((there, i) => {
      if (Math.abs(there - x) < Math.abs(points.x[nearest] - x)) nearest = i;
    });
    show(nearest);
  }

  svg.addEventListener("pointermove", point);
  svg.addEventListener("pointerdown", point);
  svg.addEventListener("pointerleave", hide);
  svg.addEventListener("blur", hide);
  svg.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (event.key === "Escape") hide();
    if (step === undefined) return;
    event.preventDefault();
    show(place < 0 && step < 0 ? points.x.length - 1 : place + step);
  });
}
