// Keeps relative times fresh. The exact time is beside each, in the page.

const steps = [["second", 1e3, 6e4], ["minute", 6e4, 36e5], ["hour", 36e5, 864e5]];

// ago is what views/i18n's Ago says: "42 minutes ago", "42 分钟前".
export function ago(millis, lang) {
  const [unit, size] = steps.find(([, , until]) => millis < until) ?? [];
  if (!unit || millis < 0) return "";
  if (millis < 1e3) return lang.startsWith("zh") ? "刚刚" : "just now";
  const words = new Intl.RelativeTimeFormat(lang, { numeric: "always" }).format(-Math.floor(millis / size), unit);
  return words.replace("秒钟", "秒").replace(/(\d)(?=\p{Script=Han})/u, "$1 ");
}

function refresh() {
  const now = Date.now();
  for (const time of document.querySelectorAll("time[data-ago]")) {
    const words = ago(now - Date.parse(time.dateTime), document.documentElement.lang);
    if (words) time.textContent = words;
  }
}

// times refreshes every half minute while the page is looked at. The first words are
// the server's, whose clock may be another than this machine's.
export function times() {
  setInterval(() => { if (!document.hidden) refresh(); }, 30e3);
}
