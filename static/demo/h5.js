// The demo bank's page. It asks the SDK for a visit, shows what the reply
// brought and nothing that it did not bring, and turns every failure into a
// page with a way back. It knows no cipher: that is the SDK's part.
(() => {
  "use strict";

  const lang = document.documentElement.lang;
  const chinese = lang.startsWith("zh");
  const locale = chinese ? "zh-CN" : "en-GB";
  const { gateway, service } = document.body.dataset;
  const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));
  const one = (selector) => document.querySelector(selector);

  let visit = null;

  // ---- filling -------------------------------------------------------------

  /** Shows one of the page's states and hides the others. */
  function show(id) {
    for (const main of all("body > main")) main.hidden = main.id !== id;
  }

  /** A value that reads differently in each language is a function of it. */
  function fillText(element, values) {
    const said = (value) => (typeof value === "function" ? value(element.closest("[lang]").lang) : value);
    element.textContent = element.dataset.text.replace(/\{(\w+)\}/g, (_, name) => said(values[name]) ?? "");
  }

  /** Puts values into [data-text] and [data-fill], and shows [data-show] where its value is there. */
  function fill(root, values) {
    for (const element of all("[data-text]", root)) fillText(element, values);
    for (const element of all("[data-fill]", root)) element.textContent = values[element.dataset.fill] ?? "";
    for (const element of all("[data-show]", root)) element.hidden = !values[element.dataset.show];
  }

  // ---- how values read -----------------------------------------------------

  const isNumber = (value) => /^\d+(\.\d+)?$/.test(String(value ?? ""));
  const dots = (value) => (value == null ? "" : String(value).replace(/\*+/g, (stars) => "•".repeat(Math.min(stars.length, 4))));

  function money(value, digits) {
    if (!isNumber(value)) return dots(value) && (chinese ? "•••" : "CNY •••");
    const whole = !chinese && digits === 0 && Number(value) % 1 === 0;
    const number = new Intl.NumberFormat(locale, { minimumFractionDigits: whole ? 0 : 2, maximumFractionDigits: 2 });
    return chinese ? number.format(value) : `CNY ${number.format(value)}`;
  }

  function day(value) {
    const date = new Date(`${value}T00:00:00`);
    if (Number.isNaN(date.getTime())) return dots(value);
    return new Intl.DateTimeFormat(locale, { year: "numeric", month: "long", day: "numeric" }).format(date);
  }

  /** Date and time as the partner's page beside writes them: browsers join the two by words of their own. */
  function stamp(moment) {
    const date = new Intl.DateTimeFormat(locale, { dateStyle: "long" }).format(moment);
    const time = new Intl.DateTimeFormat(locale, { timeStyle: "medium", hourCycle: "h23" }).format(moment);
    return chinese ? `${date} ${time}` : `${date}, ${time}`;
  }

  /** To the minute, in the language of whoever reads it. */
  function minute(moment, language) {
    const format = (options) => new Intl.DateTimeFormat(language.startsWith("zh") ? "zh-CN" : "en-GB", options).format(moment);
    const [date, time] = [format({ dateStyle: "long" }), format({ timeStyle: "short", hourCycle: "h23" })];
    return language.startsWith("zh") ? `${date} ${time} ` : `${date} at ${time}`;
  }

  function cardNumber(value) {
    const digits = /\d+$/.exec(String(value ?? ""));
    if (!digits) return dots(value);
    return chinese ? digits[0].slice(-4) : `••${digits[0].slice(-4)}`;
  }

  /** What is paid each month over so many months when limit is borrowed at rate per cent a year. */
  function monthly(limit, rate, months) {
    const each = Number(rate) / 1200;
    const amount = each === 0 ? limit / months : (limit * each) / (1 - (1 + each) ** -months);
    return chinese ? `${money(amount.toFixed(2))} 元` : money(amount.toFixed(2));
  }

  // ---- the states ----------------------------------------------------------

  /** The bank registers partners as "Latin Han"; a reader is shown the half in their script. */
  function nameForReader(name) {
    const halves = /^([^\p{Script=Han}]+) (\p{Script=Han}.*)$/u.exec(name);
    return halves ? halves[chinese ? 2 : 1] : name;
  }

  /** What every state says about who sent the visitor. */
  function sender() {
    return { partner: nameForReader(visit?.clientName ?? ""), user: visit?.subjectHint, nobody: !visit?.subjectHint };
  }

  /** The scope that waits for the visitor's consent. */
  const asked = "loan.holder:read";

  function offerValues(body, waiting) {
    const { offer = {}, holder = {}, account = {} } = body ?? {};
    const known = isNumber(offer.limit);
    const mayApply = known && visit.scope.includes("loan.application:create");
    return {
      ...sender(),
      limit: money(offer.limit, 0),
      limitHidden: !known,
      rate: isNumber(offer.rate) ? `${offer.rate}%` : "",
      name: dots(holder.name),
      phone: dots(holder.phone),
      account: account.id,
      number: cardNumber(account.id),
      ends: offer.ends_on && day(offer.ends_on),
      idNo: dots(holder.id_no),
      address: dots(holder.address),
      consentAsked: waiting.includes(asked),
      consentGiven: visit.scope.includes(asked) && !waiting.includes(asked),
      canApply: mayApply,
      cannotApply: !mayApply,
    };
  }

  function showOffer(body, waiting) {
    const values = offerValues(body, waiting);
    fill(one("#offer"), values);
    offerReturn(one("#offer"), visit.returnTo);
    show("offer");
    if (!values.canApply) return;
    const { limit, rate } = body.offer;
    const reckon = () => {
      one("[data-fill=monthly]").textContent = isNumber(rate) ? monthly(limit, rate, Number(chosenTerm())) : "";
    };
    one("#apply").onchange = reckon; // the offer may be shown again
    reckon();
  }

  const chosenTerm = () => one("#apply input[name=term]:checked").value;

  function offerReturn(root, address) {
    for (const link of all("a[data-return]", root)) {
      link.hidden = !address;
      if (address) link.href = address;
      if (link.dataset.plain && !visit) link.textContent = link.dataset.plain;
    }
  }

  function showDone(body) {
    fill(one("#done"), { ...sender(), number: body?.application?.id ?? "" });
    offerReturn(one("#done"), visit.returnTo);
    show("done");
    one("#done h1").focus();
  }

  /** When a service that is closed opens again; null for everything else. A passing fault never says it under seal. */
  function opening(error) {
    const closed = error?.code === "unavailable" && error.sealed && error.retryAfter;
    return closed ? new Date(Date.now() + error.retryAfter * 1000) : null;
  }

  /** An error as the visitor reads it: what happened, that nothing is lost, the way back, and last the code. */
  function showError(error) {
    const code = error?.code ?? "no_sdk";
    const uncertain = error?.first === "unknown" || error?.first === "running";
    const root = one("#error");
    const opens = opening(error);
    const now = stamp(new Date());
    const request = error?.requestId; // none when the gateway was not asked, or did not answer
    fill(root, { ...sender(), code, request, unasked: !request, time: now, unchanged: !uncertain, uncertain, opens: (language) => opens && minute(opens, language) });
    const reasons = all("[data-codes]", root);
    const reason = reasons.find((each) => each.dataset.codes.split(" ").includes(opens ? "closed" : code)) ?? reasons.at(-1);
    for (const each of reasons) each.hidden = each !== reason;
    offerReturn(root, error?.returnTo ?? visit?.returnTo);
    offerRetry(root, reason, error);
    show("error");
    reason.querySelector("h1").focus();
  }

  function offerRetry(root, reason, error) {
    const button = one("[data-retry]");
    button.hidden = !("again" in reason.dataset);
    one("[data-bank-app]").hidden = !button.hidden;
    button.onclick = () => {
      if (!error.retry) return location.reload();
      // A write whose end is unknown is sent under the same number, so it counts once at most.
      error.retry().then(receive, showError);
    };
  }

  // ---- the visit -----------------------------------------------------------

  /** Throws what an upstream's refusal is for the visitor. */
  function accepted(reply) {
    if (reply.status < 400) return reply.body;
    throw Object.assign(new Error("refused by the bank's system"), { code: "upstream_unavailable", returnTo: visit.returnTo });
  }

  const receive = (reply) => showDone(accepted(reply));

  async function apply(event) {
    event.preventDefault();
    const button = one("#apply .primary");
    if (button.disabled) return;
    const label = button.textContent;
    button.disabled = true;
    button.textContent = button.dataset.busy;
    try {
      receive(await visit.call("POST", "/loans/applications", { term: Number(chosenTerm()) }));
    } catch (error) {
      showError(error);
    } finally {
      button.disabled = false;
      button.textContent = label;
    }
  }

  async function loadOffer() {
    const reply = await visit.call("GET", "/loans/offers", undefined, { headers: { "accept-language": lang } });
    showOffer(accepted(reply), reply.consentRequired);
  }

  // ---- consent ---------------------------------------------------------------

  /** Shows what is asked now, as the bank words it. */
  async function askConsent() {
    const question = (await visit.consents()).find((each) => each.scope === asked);
    if (!question || question.given) return loadOffer();
    const language = chinese ? "zh" : "en";
    const root = one("#consent");
    fill(root, { ...sender(), purpose: question.purpose[language], days: question.days, lasts: question.days > 0 });
    const paragraphs = question.text[language].split(/\n\s*\n/).map((text) => Object.assign(document.createElement("p"), { textContent: text }));
    one("[data-paragraphs]").replaceChildren(...paragraphs);
    show("consent");
    root.querySelector("h1").focus();
  }

  const decisions = {
    read: askConsent,
    leave: () => show("offer"),
    give: async () => {
      try {
        await visit.consent(asked);
      } catch (error) {
        if (error?.code !== "consent_stale") throw error;
        return askConsent(); // the bank words it anew since this page asked
      }
      return loadOffer();
    },
    withdraw: async () => {
      await visit.withdrawConsent(asked);
      return loadOffer();
    },
  };

  async function decide(event) {
    const button = event.currentTarget;
    if (button.disabled) return;
    button.disabled = true;
    try {
      await decisions[button.dataset.consent]();
    } catch (error) {
      showError(error);
    } finally {
      button.disabled = false;
    }
  }

  async function start() {
    if (!window.Postern) return showError(null);
    try {
      visit = await window.Postern.open({ gateway, service });
      visit.onEnd((reason) => showError({ code: reason === "elsewhere" ? "visit_elsewhere" : "visit_closed" }));
      await loadOffer();
    } catch (error) {
      showError(error);
    }
  }

  one("#apply").addEventListener("submit", apply);
  for (const button of all("[data-consent]")) button.addEventListener("click", decide);
  start();
})();
