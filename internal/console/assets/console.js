// Keeps pages up to date that are whole without it: regions are made on the server, and swapped in
// when they have changed. Nothing that comes from elsewhere is read as HTML but pages of our own.
"use strict";
(() => {
	const body = document.body;
	const live = document.getElementById("live");
	const say = (text) => { if (live.textContent !== text) live.textContent = text; };

	// --- Times -----------------------------------------------------------------------------------

	const span = (s) => {
		if (s < 99.5) return `${Math.round(s)} s`;
		if (s < 5970) return `${Math.round(s / 60)} min`;
		if (s < 171000) return `${Math.round(s / 3600)} h`;
		return `${Math.round(s / 86400)} d`;
	};
	const tick = () => {
		for (const t of document.querySelectorAll("time[datetime][title]")) {
			const d = (Date.now() - Date.parse(t.dateTime)) / 1000;
			const text = Math.abs(d) < 1 ? "now" : d < 0 ? `in ${span(-d)}` : `${span(d)} ago`;
			if (t.textContent !== text) t.textContent = text;
		}
	};
	setInterval(tick, 5000);

	// --- Regions that are kept up to date ---------------------------------------------------------

	// isBusy reports whether somebody works in a region: then it is left as it is.
	const isBusy = (region) => {
		const at = document.activeElement;
		if (region.contains(at) && at.matches("input, select, textarea")) return true;
		if (region.querySelector("input:checked")) return true;
		const selection = getSelection();
		return !selection.isCollapsed && region.contains(selection.anchorNode);
	};
	const plain = (element) => { // what it says, whatever the time is and whatever is open
		const copy = element.cloneNode(true);
		for (const t of copy.querySelectorAll("time")) t.textContent = "";
		for (const k of copy.querySelectorAll("input[name=key]")) k.removeAttribute("value");
		for (const d of copy.querySelectorAll("details")) d.removeAttribute("open");
		return copy.innerHTML;
	};
	const swap = (old, now) => {
		if (isBusy(old) || plain(old) === plain(now)) return;
		const open = [...old.querySelectorAll("details")].map((d) => d.open);
		const at = old.contains(document.activeElement) ? [...old.querySelectorAll("a, button, summary")].indexOf(document.activeElement) : -1;
		const scrolled = old.scrollLeft;
		const fresh = document.importNode(now, true);
		[...fresh.querySelectorAll("details")].forEach((d, i) => { d.open = open[i] ?? d.open; });
		fresh.classList.add("fresh");
		old.replaceWith(fresh);
		fresh.scrollLeft = scrolled;
		if (at >= 0) fresh.querySelectorAll("a, button, summary")[at]?.focus();
		furnish(fresh);
	};
	let asking = false, again = false;
	const renew = async () => {
		if (asking) { again = true; return; }
		if (document.hidden) return;
		asking = true;
		try {
			const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
			if (answer.redirected || !answer.ok) { say(`not up to date: ${answer.status}`); return; }
			const now = new DOMParser().parseFromString(await answer.text(), "text/html");
			for (const region of document.querySelectorAll("[data-live][id]")) {
				const fresh = now.getElementById(region.id);
				if (fresh) swap(region, fresh); else if (!isBusy(region)) region.remove();
			}
			let before = null; // what has come to be there
			for (const fresh of now.querySelectorAll("main > [data-live][id]")) {
				if (!document.getElementById(fresh.id) && before) { before.after(document.importNode(fresh, true)); furnish(document.getElementById(fresh.id)); }
				before = document.getElementById(fresh.id) ?? before;
			}
			if (!now.body.dataset.follow) delete body.dataset.follow;
			tick();
			say("");
		} catch {
			say("not up to date: the monitor does not answer");
		} finally {
			asking = false;
			if (again) { again = false; soon(); }
		}
	};
	let waiting = 0;
	const soon = () => { waiting ||= setTimeout(() => { waiting = 0; renew(); }, 150); };
	const every = Number(body.dataset.refresh) * 1000;
	if (every) setInterval(renew, every);
	document.addEventListener("visibilitychange", () => { if (!document.hidden && every) renew(); });

	// --- Events as they come ----------------------------------------------------------------------

	// A page that is hidden gives its stream back: a browser has six connections to a server for all its tabs.
	let stream = null;
	document.addEventListener("visibilitychange", () => { if (document.hidden) stream?.abort(); });
	const shown = () => new Promise((go) => document.addEventListener("visibilitychange", go, { once: true }));

	// follow reads a stream of server-sent events of any name, and goes on where it was cut off.
	const follow = async (address, told) => {
		let last = "", pause = 500;
		while (body.dataset.follow === address) {
			while (document.hidden) await shown();
			stream = new AbortController();
			try {
				const answer = await fetch(address, { headers: last ? { "Last-Event-ID": last } : {}, cache: "no-store", signal: stream.signal });
				if (!answer.ok) throw new Error(String(answer.status));
				const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
				pause = 500;
				for (let text = ""; ;) {
					const { value, done } = await reader.read();
					if (done) break;
					text += value;
					for (let end; (end = text.indexOf("\n\n")) >= 0; text = text.slice(end + 2)) {
						const event = { name: "", data: "" };
						for (const line of text.slice(0, end).split("\n")) {
							if (line.startsWith("id: ")) last = line.slice(4);
							if (line.startsWith("event: ")) event.name = line.slice(7);
							if (line.startsWith("data: ")) event.data += line.slice(6);
						}
						if (event.name) told(event);
						if (event.name === "ended") { delete body.dataset.follow; return; }
					}
				}
			} catch { /* asked again below */ }
			if (document.hidden) continue;
			await new Promise((go) => setTimeout(go, pause));
			pause = Math.min(pause * 2, 15000);
		}
	};
	if (body.dataset.follow) follow(body.dataset.follow, soon);

	// --- Charts -----------------------------------------------------------------------------------

	const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
	// draw makes a chart of a table: its first column is time, each other one a line.
	const draw = (figure) => {
		const table = figure.querySelector("details table"); // the chart has one of its own
		const plot = figure.querySelector(".plot");
		if (!table || !plot || typeof uPlot !== "function") return;
		const rows = [...table.tBodies[0].rows].filter((row) => !row.classList.contains("open")); // a minute that is not over looks like a fall
		if (!rows.length) return;
		const number = (cell) => (cell.dataset.value === "" || cell.dataset.value === undefined ? null : Number(cell.dataset.value));
		const data = [...table.tHead.rows[0].cells].map((_, i) => rows.map((r) => number(r.cells[i])));
		const unit = figure.dataset.unit === "s";
		const known = (line) => line.filter((v) => v != null).length;
		const write = (v) => v == null ? "–" : unit ? (v < 0.0995 ? `${Math.round(v * 1000)} ms` : v < 10 ? `${v.toFixed(1)} s` : span(v)) : String(Math.round(v * 100) / 100);
		const series = [...table.tHead.rows[0].cells].slice(1).map((cell, i) => ({
			label: cell.textContent, stroke: css(`--${cell.dataset.colour || "accent"}`), width: 1.5, dash: cell.dataset.dash ? [5, 4] : undefined,
			points: { show: known(data[i + 1]) < 20, size: 4 }, value: (_, v) => write(v), spanGaps: false,
		}));
		plot.replaceChildren();
		const clock = (v) => new Date(v * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });
		const axis = { stroke: css("--quiet"), grid: { stroke: css("--line"), width: 1 }, ticks: { show: false }, font: "12px system-ui" };
		const options = {
			width: plot.clientWidth || 320, height: 170, cursor: { y: false, drag: { x: false, y: false } },
			scales: { y: { range: (_, low, high) => [Math.min(0, low ?? 0), Math.max(high ?? 0, unit ? 0.01 : 1) * 1.08] } },
			series: [{ value: (_, v) => v == null ? "–" : clock(v) }, ...series],
			axes: [{ ...axis, size: 28, values: (_, all) => all.map(clock) },
				{ ...axis, size: 56, values: (_, all) => all.map(write) }],
		};
		figure.chart = new uPlot(options, data, plot);
		figure.classList.add("drawn");
	};
	const furnish = (within) => {
		for (const f of within.querySelectorAll("figure.chart")) draw(f);
		for (const all of within.querySelectorAll("input[data-all]")) {
			all.hidden = false;
			all.addEventListener("change", () => {
				for (const one of all.closest("form").querySelectorAll(`input[name="${all.dataset.all}"]`)) one.checked = all.checked;
			});
		}
	};
	furnish(document);
	let width = innerWidth;
	addEventListener("resize", () => {
		if (Math.abs(innerWidth - width) < 8) return;
		width = innerWidth;
		for (const f of document.querySelectorAll("figure.chart.drawn")) f.chart.setSize({ width: f.querySelector(".plot").clientWidth, height: 170 });
	});
	matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { for (const f of document.querySelectorAll("figure.chart")) draw(f); });

	// --- Forms ------------------------------------------------------------------------------------

	document.addEventListener("submit", (event) => {
		const text = event.submitter?.dataset.confirm;
		if (text && !confirm(text)) { event.preventDefault(); return; }
		if (event.target.method === "post") setTimeout(() => { if (event.submitter) event.submitter.disabled = true; }, 0);
	});
	addEventListener("pageshow", () => { for (const b of document.querySelectorAll("button:disabled")) b.disabled = false; });

	// What is typed of an entry is explained as it is typed.
	const entry = document.querySelector("form[data-explain]");
	if (entry) {
		let typed = 0;
		const explain = async () => {
			const answer = await fetch(`${entry.dataset.explain}?${new URLSearchParams(new FormData(entry))}`, { cache: "no-store" });
			const now = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("explained");
			const old = document.getElementById("explained");
			if (now && old) old.replaceWith(document.importNode(now, true));
		};
		entry.addEventListener("input", (event) => {
			if (!["spec", "zone", "cron"].includes(event.target.name)) return;
			clearTimeout(typed);
			typed = setTimeout(() => explain().catch(() => say("not explained: the monitor does not answer")), 250);
		});
	}

	// --- Keys -------------------------------------------------------------------------------------

	let led = 0; // until when the key behind g counts
	document.addEventListener("keydown", (event) => {
		if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea")) return;
		if (event.key === "/") { event.preventDefault(); document.getElementById("q").focus(); return; }
		if (event.key === "g") { led = Date.now() + 1500; body.classList.add("keys"); setTimeout(() => body.classList.remove("keys"), 1500); return; }
		if (Date.now() < led) document.querySelector(`#nav a[data-key="${CSS.escape(event.key)}"]`)?.click();
		led = 0;
	});
})();
