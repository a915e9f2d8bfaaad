// What a tester may turn: clock, faults, outage, orders, settings, and back to the start.

import { html, useState } from './vendor/preact.js';
import { control, network } from './server.js';
import { useLive } from './live.js';
import { Button, POINTS, doing, pointName, useSeconds } from './parts.js';
import { date } from './text.js';

const press = (what, method, path, body) => () => doing(what, () => control(method, path, body));

function Clock() {
  const { clock } = useLive();
  const now = useSeconds();
  const advance = (by) => html`<${Button} key=${by} onPress=${press(`The clock is ${by} further`, 'POST', '/clock/advance', { by })}>+ ${by}<//>`;
  return html`<section aria-labelledby="clock"><h2 id="clock">Clock</h2>
    <p class="time">${date(now)} <span class="badge">${clock?.isRunning === false ? 'frozen' : 'running'}</span></p>
    <div class="buttons">
      ${clock?.isRunning === false
        ? html`<${Button} key="resume" onPress=${press('The clock runs', 'POST', '/clock/resume')}>Let it run<//>`
        : html`<${Button} key="freeze" onPress=${press('The clock stands still', 'POST', '/clock/freeze')}>Freeze<//>`}
      ${['10s', '1m', '10m', '61m'].map(advance)}
    </div></section>`;
}

const PRESETS = [
  ['Two polls answer 503', { operation: 'getDownload', effect: { error: { statusCode: 503 } }, times: 2 }],
  ['Polls take 2 seconds', { operation: 'getDownload', delay: '2s' }],
  ['The next poll is never answered', { operation: 'getDownload', effect: 'hang', times: 1 }],
  ['The next download is refused with 500', { operation: 'createDownload', effect: { error: { statusCode: 500 } }, times: 1 }],
  ['A login that has expired: 401', { operation: 'getDownload', effect: { error: { statusCode: 401 } }, times: 1 }],
  ['The zip is cut off after 100 bytes', { operation: 'getNodeContent', effect: { 'cut-after': 100 }, times: 1 }],
  ['A byte in the zip is wrong', { operation: 'getNodeContent', effect: { 'flip-in-zip': { part: 'data' } }, times: 1 }],
  ['The zip comes at 10 KB a second', { operation: 'getNodeContent', effect: { 'bytes-per-second': 10000 } }],
  ['A proxy answers 502 to one request in ten', { effect: { status: 502 }, probability: 0.1 }],
  ['The next connection is reset', { effect: 'reset-before-head', times: 1 }],
];

const effectName = (effect) => (typeof effect === 'object' ? Object.entries(effect).map(([name, value]) => `${name} ${JSON.stringify(value)}`).join() : effect);

function Faults() {
  const { faults } = useLive();
  const [preset, setPreset] = useState(0);
  const [text, setText] = useState('');
  const fault = () => ({ name: PRESETS[preset][0], ...PRESETS[preset][1] });
  const add = () => doing('The fault is there', async () => {
    await control('POST', '/faults', text ? JSON.parse(text) : fault());
    setText('');
  });
  return html`<section aria-labelledby="faults"><h2 id="faults">Faults</h2>
    ${faults.length === 0 && html`<p class="faint">Nothing goes wrong by order.</p>`}
    <ul class="rules">${faults.map(({ id, fault, applied, matched }) => html`<li key=${id}>
      <span><strong>${fault.name ?? effectName(fault.effect) ?? 'delay'}</strong><br />
        <span class="faint">${fault.operation ?? 'every request'}${fault.delay ? `, delay ${typeof fault.delay === 'string' ? fault.delay : `${fault.delay.from} to ${fault.delay.to}`}` : ''}${fault.effect ? `, ${effectName(fault.effect)}` : ''};
          applied to ${applied}${fault.times ? ` of ${fault.times}` : ''}, ${matched} matched</span></span>
      <${Button} aria-label=${`Remove the fault ${fault.name ?? id}`} onPress=${press('The fault is gone', 'DELETE', `/faults/${id}`)}>Remove<//></li>`)}</ul>
    <div class="form">
      <label>What is to go wrong <select value=${preset} onChange=${({ target }) => (setPreset(Number(target.value)), setText(''))}>
        ${PRESETS.map(([name], index) => html`<option value=${index}>${name}</option>`)}</select></label>
      <details><summary>As JSON</summary><textarea aria-label="The fault as JSON" rows="5" value=${text || JSON.stringify(fault(), null, 2)} onInput=${({ target }) => setText(target.value)}></textarea></details>
      <div class="buttons"><${Button} onPress=${add}>Add the fault<//>
        <${Button} disabled=${faults.length === 0} onPress=${press('All faults are gone', 'DELETE', '/faults')}>Remove all<//></div>
    </div></section>`;
}

function Outage() {
  const { outage } = useLive();
  const [order, setOrder] = useState({ kind: 'refuse', requests: '', duration: '' });
  const set = (name) => ({ target }) => setOrder({ ...order, [name]: target.value });
  const begin = () => doing('The outage has begun', () => control('PUT', '/outage', {
    kind: order.kind,
    ...(order.requests && { requests: Number(order.requests) }),
    ...(order.duration && { duration: order.duration }),
  }));
  return html`<section aria-labelledby="outage"><h2 id="outage">Outage</h2>
    <p>${outage ? html`<span class="badge held">away: ${outage.kind}</span> ${outage.requests !== undefined && `for ${outage.requests} more requests`}` : html`<span class="faint">The server can be reached.</span>`}</p>
    <div class="form fields">
      <label>Requests are <select value=${order.kind} onChange=${set('kind')}><option value="refuse">refused</option><option value="hang">never answered</option><option value="reset">reset</option></select></label>
      <label>For so many <input type="number" min="1" placeholder="any number" value=${order.requests} onInput=${set('requests')} /></label>
      <label>For so long <input placeholder="such as 30s" value=${order.duration} onInput=${set('duration')} /></label>
    </div>
    <div class="buttons"><${Button} onPress=${begin}>Begin<//><${Button} disabled=${!outage} onPress=${press('The outage is over', 'DELETE', '/outage')}>End<//></div></section>`;
}

const ENDS = [
  ['too large', 'max-content-size-exceeded'],
  ['cancelled by somebody else', { cancelled: 'pending' }],
  ['dead', { dies: 'before-done' }],
];

const endName = (outcome) => ENDS.find(([, value]) => JSON.stringify(value) === JSON.stringify(outcome))?.[0] ?? JSON.stringify(outcome);
const whose = ({ times }) => (times === 1 ? 'the next job' : times ? `the next ${times} jobs` : 'every job');

function Orders() {
  const { orders } = useLive();
  const [point, setPoint] = useState(1);
  const [end, setEnd] = useState(0);
  const [times, setTimes] = useState('1');
  const jobs = times === '1' ? { times: 1 } : {};
  const rule = (kind, name) => ({ id, jobs, applied, matched }) => html`<li key=${kind + id}><span><strong>${name}</strong><br /><span class="faint">${whose(jobs)}; applied to ${applied}, ${matched} matched</span></span>
    <${Button} aria-label=${`Remove: ${name}`} onPress=${press('The order is taken back', 'DELETE', `/${kind}/${id}`)}>Remove<//></li>`;
  return html`<section aria-labelledby="orders"><h2 id="orders">Jobs to come</h2>
    <ul class="rules">${orders.gates.map((gate) => rule('gates', `Held ${pointName(gate.at)}`)(gate))}
      ${orders.outcomes.map((order) => rule('outcomes', `Ends as ${endName(order.outcome)}`)(order))}</ul>
    <div class="form fields">
      <label>Which <select value=${times} onChange=${({ target }) => setTimes(target.value)}><option value="1">the next job</option><option value="">every job</option></select></label>
      <label>Hold it <select value=${point} onChange=${({ target }) => setPoint(Number(target.value))}>${POINTS.map(([name], index) => html`<option value=${index}>${name}</option>`)}</select></label>
      <label>End it as <select value=${end} onChange=${({ target }) => setEnd(Number(target.value))}>${ENDS.map(([name], index) => html`<option value=${index}>${name}</option>`)}</select></label>
    </div>
    <div class="buttons">
      <${Button} onPress=${press('Jobs are held', 'POST', '/gates', { at: POINTS[point][1], jobs })}>Hold<//>
      <${Button} onPress=${press('An end is ordered', 'POST', '/outcomes', { outcome: ENDS[end][1], jobs })}>End<//>
    </div></section>`;
}

const FIELDS = [
  ['downloadStartDelay', 'Start delay', 'duration'],
  ['downloadPace', 'Pace, bytes a second', 'limit'],
  ['downloadMaxContentSize', 'Largest content, bytes', 'limit'],
  ['downloadCleanerMaxAge', 'Age at which it is deleted', 'duration'],
  ['downloadWorkers', 'Jobs at once', 'number'],
  ['downloadProgress', 'Progress', 'progress'],
];

function Field({ kind, value, onChange }) {
  if (kind === 'progress') return html`<select value=${value} onChange=${onChange}><option value="alfresco">alfresco</option><option value="smooth">smooth</option></select>`;
  const isDuration = kind === 'duration';
  return html`<input type=${isDuration ? 'text' : 'number'} min="1" placeholder=${kind === 'limit' ? 'no limit' : ''} value=${value ?? ''} onInput=${onChange} />`;
}

function Settings() {
  const { settings } = useLive();
  const [changes, setChanges] = useState({});
  if (!settings) return null;
  const change = (name, kind) => ({ target: { value } }) =>
    setChanges({ ...changes, [name]: kind === 'limit' && value === '' ? null : kind === 'limit' || kind === 'number' ? Number(value) : value });
  const save = (event) => {
    event.preventDefault();
    return doing('The settings are changed', async () => {
      await control('PATCH', '/settings', changes);
      setChanges({});
    });
  };
  return html`<section aria-labelledby="settings"><h2 id="settings">Settings</h2><form onSubmit=${save}>
    <div class="form fields">${FIELDS.map(([name, label, kind]) => html`<label key=${name}>${label} <${Field} kind=${kind} value=${name in changes ? changes[name] : settings[name]} onChange=${change(name, kind)} /></label>`)}</div>
    <div class="buttons"><button disabled=${Object.keys(changes).length === 0}>Change</button>
      <button type="button" disabled=${Object.keys(changes).length === 0} onClick=${() => setChanges({})}>As they are</button></div></form></section>`;
}

function Reset() {
  const [asked, setAsked] = useState('');
  const name = network();
  const reset = (path, what) => async () => {
    await doing(what, () => control('POST', path));
    setAsked('');
  };
  const question = (which, label, path, what) => asked === which
    ? html`<${Button} key=${`${which}!`} class="danger" onPress=${reset(path, what)}>Yes, ${label.toLowerCase()}<//>`
    : html`<${Button} key=${which} onPress=${() => setAsked(which)}>${label}<//>`;
  return html`<section aria-labelledby="reset"><h2 id="reset">Back to the start</h2>
    <p class="faint">Nodes, people, downloads, settings, clock, faults and journal become what they were.</p>
    <div class="buttons">
      ${question('one', 'Reset this network', `/networks/${encodeURIComponent(name)}/reset`, 'This network is as it was at the start')}
      ${question('all', 'Reset all', '/reset', 'Everything is as it was at the start')}
      ${asked && html`<${Button} onPress=${() => setAsked('')}>No<//>`}
    </div></section>`;
}

export const Controls = () => html`<div class="cards"><${Clock} /><${Faults} /><${Orders} /><${Outage} /><${Settings} /><${Reset} /></div>`;
