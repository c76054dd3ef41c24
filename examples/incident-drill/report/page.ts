import { sides, sideTitles } from '../apps.ts';
import type { DrillResult } from '../drill.ts';
import type { Figures } from '../figures.ts';
import { actsChart, bars, doorsTable, growthChart } from './charts.ts';
import { escape } from './markup.ts';
import { notesOf, rowsOf } from './rows.ts';
import { style } from './style.ts';
import { outcomeOf, timelineOf } from './timeline.ts';

/** The report: one file, charts as inline SVG, no script, nothing from the network. */
export function renderReport(result: DrillResult): string {
  const { plan, seed, durationMs } = result;
  const { victims, strangers, ordinary } = plan.sizes;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Incident drill</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>The 2019 incident, played three times</h1>
<p class="lead">A mail platform's sign-up form told who had an account. Leaked passwords opened those accounts, several from one address; lists were exported and spam was sent. Here the same attack, over real HTTP, meets one app in two modes, and the protected one again with a second factor that its teams have made mandatory: ${victims} accounts whose password the attacker holds, ${strangers} addresses without an account, ${ordinary} ordinary users.</p>
<p class="legend">${sides.map((side) => `<span><span class="key ${side}"></span>${sideTitles[side]}</span>`).join('')}</p>
<h2>What the attack got</h2>
<div class="pairs">
${headlines.map(({ label, figure }) => bars(label, { unprotected: result.unprotected.figures[figure], protected: result.protected.figures[figure], mandatory: figure === 'addressesLearnt' ? null : result.mandatory.figures[figure] })).join('\n')}
</div>
<h2>When it got it</h2>
<div class="charts">
${growthChart(result, 'entered', 'Accounts entered')}
${growthChart(result, 'exported', 'Contact rows exported')}
${growthChart(result, 'spam', 'Spam mails sent')}
${actsChart(result)}
</div>
<h2>What the doors tell a stranger</h2>
<p>A dot is filled where one classifier, calibrated on addresses whose truth the attacker knows, tells registered addresses from others with significance.</p>
<div class="two">
${doorsTable(result.unprotected)}
${doorsTable(result.protected)}
</div>
<h2>Side by side</h2>
<div class="panel scroll"><table>
<thead><tr><th scope="col"><span class="hidden">what</span></th>${sides.map((side) => `<th scope="col">${sideTitles[side]}</th>`).join('')}</tr></thead>
<tbody>
${rowsOf(result).map(tableRow).join('\n')}
</tbody>
</table></div>
<h2>How it ended</h2>
<p>In the protected run the attack is noticed in the end, and contained in one call: read-only, everybody's sessions ended, the passwords of the affected void, everybody told. Then attackers try to come back with all that they hold. Times count from the moment of noticing. Here, refusals and writing are measured by requests that ask all the while; marks and mails are those of the report of the call.</p>
<div class="panel scroll"><table>
<thead><tr><th scope="col">step</th><th scope="col">2019, UTC</th><th scope="col">2019, after noticing</th><th scope="col">here</th></tr></thead>
<tbody>
${timelineOf(result).map(({ label, in2019, after2019, here }) => `<tr><th scope="row">${escape(label)}</th><td>${in2019}</td><td>${after2019}</td><td>${here}</td></tr>`).join('\n')}
</tbody>
</table></div>
<div class="two spaced">
<div class="panel scroll"><table>
<thead><tr><th scope="col">what came of it</th><th scope="col">here</th></tr></thead>
<tbody>
${outcomeOf(result).map(([label, value]) => `<tr><th scope="row">${escape(label)}</th><td>${escape(value)}</td></tr>`).join('\n')}
</tbody>
</table></div>
<div class="panel scroll"><table>
<thead><tr><th scope="col">a way back for attackers</th><th scope="col">tried</th><th scope="col">opened</th></tr></thead>
<tbody>
${(result.protected.response?.ways ?? []).map(({ name, tried, opened }) => `<tr><th scope="row">${escape(name)}</th><td>${tried}</td><td>${opened.length}</td></tr>`).join('\n')}
</tbody>
</table></div>
</div>
<details class="panel spaced"><summary>What <code>incident.report</code> writes for the postmortem</summary><pre>${escape(result.protected.response?.postmortem ?? '')}</pre></details>
<h2>Read with care</h2>
<ul>
${notesOf(result).map((note) => `<li>${escape(note)}</li>`).join('\n')}
</ul>
<footer>Seed ${seed}; the whole drill took ${(durationMs / 1000).toFixed(1)} s. The seed decides who, what and in which order; times vary with the machine.</footer>
</main>
</body>
</html>
`;
}

const headlines = [
  { label: 'Registered addresses learnt', figure: 'addressesLearnt' },
  { label: 'Accounts entered', figure: 'accountsEntered' },
  { label: 'Contact rows exported', figure: 'contactsExported' },
  { label: 'Distinct addresses stolen', figure: 'mailsStolen' },
  { label: 'Spam mails sent', figure: 'spamSent' },
] as const satisfies readonly { readonly label: string; readonly figure: keyof Figures }[];

function tableRow({ label, detail, ...values }: ReturnType<typeof rowsOf>[number]): string {
  return `<tr${detail ? ' class="detail"' : ''}><th scope="row">${escape(label)}</th>${sides.map((side) => `<td>${escape(values[side])}</td>`).join('')}</tr>`;
}
