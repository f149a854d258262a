"use strict";
(function () {
  var data = JSON.parse(document.getElementById("replay-data").textContent);
  var box = document.getElementById("replay");
  var steps = data.steps, at = 0, clock = 0, timer = null, last = 0;
  var GAP = 3000, TAIL = 4000;
  if (!steps.length) return;
  box.hidden = false;
  // Waits are shortened, or nobody would sit through them: moments of the replay, in milliseconds.
  var moments = [], sum = 0;
  for (var i = 0; i < steps.length; i++) {
    if (i) sum += Math.min(GAP, Math.max(0, steps[i][0] - steps[i - 1][0]));
    moments.push(sum);
  }
  var get = function (id) { return document.getElementById(id); };
  var play = get("play"), speed = get("speed"), scrub = get("scrub"), now = get("now"), panes = get("panes"), happened = get("happened");
  scrub.max = String(steps.length);
  var agents = {};
  function pane(id) {
    var known = agents[id];
    if (known) return known;
    var section = document.createElement("section"), head = document.createElement("b"), word = document.createElement("span"), text = document.createElement("pre");
    head.textContent = data.names[id] || "agent" + id;
    word.className = "dim";
    section.append(head, " ", word, text);
    panes.append(section);
    return agents[id] = { word: word, text: text, words: "" };
  }
  function reset() {
    for (var id in agents) { agents[id].words = ""; agents[id].word.textContent = ""; agents[id].text.textContent = ""; }
    happened.textContent = "";
  }
  // One step: [ms, kind, agent, text, word].
  function take(step) {
    var kind = step[1], id = step[2];
    if (id) {
      var own = pane(id);
      if (step[4]) own.word.textContent = step[4];
      if (kind === "d") { own.words = (own.words + step[3]).slice(-TAIL); }
      else if (kind === "r") { own.words = ""; }
    }
    if (kind !== "d" && step[3]) {
      var row = document.createElement("li"), time = document.createElement("time"), said = document.createElement("span");
      time.textContent = length(step[0]);
      said.textContent = step[3];
      if (kind === "e") said.className = "bad";
      row.append(time, said);
      happened.append(row);
      while (happened.childNodes.length > 200) happened.removeChild(happened.firstChild);
    }
  }
  function length(ms) {
    var s = Math.floor(ms / 1000);
    return s < 60 ? s + "." + Math.floor(ms % 1000 / 100) + "s" : Math.floor(s / 60) + "m" + ("0" + s % 60).slice(-2) + "s";
  }
  function show() {
    for (var id in agents) { agents[id].text.textContent = agents[id].words; agents[id].text.scrollTop = 1e9; }
    happened.scrollTop = 1e9;
    scrub.value = String(at);
    now.textContent = at ? length(steps[at - 1][0]) + " · " + at + " of " + steps.length : "0 of " + steps.length;
    play.textContent = timer ? "Pause" : "Play";
  }
  function seek(to) {
    to = Math.max(0, Math.min(steps.length, to));
    if (to < at) { reset(); at = 0; }
    while (at < to) take(steps[at++]);
    clock = at ? moments[at - 1] : 0;
    show();
  }
  function tick(time) {
    if (!timer) return;
    clock += Math.min(250, time - last) * Number(speed.value);
    last = time;
    while (at < steps.length && moments[at] <= clock) take(steps[at++]);
    if (at >= steps.length) { timer = null; show(); return; }
    show();
    timer = requestAnimationFrame(tick);
  }
  function stop() { if (timer) cancelAnimationFrame(timer); timer = null; }
  play.addEventListener("click", function () {
    if (timer) { stop(); show(); return; }
    if (at >= steps.length) seek(0);
    last = performance.now();
    timer = requestAnimationFrame(tick);
    show();
  });
  scrub.addEventListener("input", function () { stop(); seek(Number(scrub.value)); });
  get("back").addEventListener("click", function () { stop(); seek(at - 1); });
  get("step").addEventListener("click", function () { stop(); seek(at + 1); });
  function jump(kind) {
    stop();
    for (var i = at; i < steps.length; i++) if (steps[i][1] === kind) { seek(i + 1); return; }
    now.textContent = "no further one";
  }
  get("to-answer").addEventListener("click", function () { jump("a"); });
  get("to-vote").addEventListener("click", function () { jump("v"); });
  get("to-error").addEventListener("click", function () { jump("e"); });
  for (var id in data.names) pane(id);
  seek(0);
})();
