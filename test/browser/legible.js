(() => {
	// Contrast as WCAG 2.2 has it: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio
	const parts = (color) => (color.match(/[\d.]+/g) ?? []).map(Number)
	const light = (color) => {
		const [r, g, b] = parts(color).map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
		return 0.2126 * r + 0.7152 * g + 0.0722 * b
	}
	const behind = (element) => {
		for (let e = element; e; e = e.parentElement) {
			const color = getComputedStyle(e).backgroundColor
			if (parts(color)[3] !== 0) return color
		}
		return getComputedStyle(document.documentElement).colorScheme.includes("dark") && matchMedia("(prefers-color-scheme: dark)").matches
			? "rgb(18, 18, 18)" : "rgb(255, 255, 255)"
	}
	const faint = []
	for (const element of document.querySelectorAll("body *")) {
		const own = [...element.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.data.trim() !== "")
		if (!own || !element.checkVisibility()) continue
		const [a, b] = [light(getComputedStyle(element).color), light(behind(element))]
		const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
		if (ratio < 4.5) faint.push(`${element.tagName} "${element.textContent.trim().slice(0, 30)}" ${ratio.toFixed(1)}`)
	}
	return faint.join(", ")
})()
