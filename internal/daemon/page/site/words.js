// What transfers are and how they are, in words and marks. A mark never stands without its word.

import * as format from './format.js';
import { sentence } from './session.js';

export const kinds = { copy: 'Copy', dump: 'Dump', restore: 'Restore', verify: 'Verification' };

export const isFinal = (t) => t.state === 'completed' || t.state === 'failed' || t.state === 'canceled';

// status is the state as pg:backups has it.
export function status(t) {
  if (t.state === 'completed' && t.equal === false) return 'Completed, not equal';
  if (t.state === 'completed' && t.warnings > 0) return `Finished with ${format.plural(t.warnings, 'warning', 'warnings')}`;
  if (!isFinal(t) && t.want === 'cancel') return 'Canceling';
  if (t.state === 'running' && t.want === 'pause') return 'Pausing';
  if (t.state === 'paused' && t.want === 'run') return 'Resuming';
  return t.state[0].toUpperCase() + t.state.slice(1);
}

// tone is the colour and the shape of a state: the names of both.
export function tone(t) {
  switch (t.state) {
    case 'running': return { color: 'run', shape: 'run' };
    case 'paused': return { color: 'warn', shape: 'pause' };
    case 'failed': return { color: 'bad', shape: 'bad' };
    case 'canceled': return { color: 'stop', shape: 'stop' };
    case 'completed': return t.warnings > 0 || t.equal === false ? { color: 'warn', shape: 'warn' } : { color: 'ok', shape: 'ok' };
    default: return { color: 'stop', shape: 'wait' };
  }
}

// ends are the names of where a transfer reads and where it writes.
export function ends(t) {
  const { kind, source, target, dump } = t.spec;
  return kind === 'restore' ? [dump, target] : [source, target];
}

// between is what stands between the two ends, as it is drawn and as it is read out.
export const between = (t) => (t.spec.kind === 'verify' ? ['⇄', ' and '] : ['→', ' to ']);

// began and took are when a transfer began and how long it has been going, in seconds; null if it has not begun.
export const began = (t) => format.known(t.started);

export function took(t, now = Date.now()) {
  const from = began(t);
  if (!from) return null;
  const to = format.known(t.ended);
  return Math.max((to ? to.getTime() : now) - from.getTime(), 0) / 1000;
}

// story is the sentence beneath the state.
export function story(t) {
  const seconds = took(t);
  if (t.state === 'failed' || t.state === 'canceled') {
    const after = seconds === null ? 'It had not begun.' : `After ${format.duration(seconds)}.`;
    return after;
  }
  if (t.state === 'completed') {
    if (t.equal === true) return `In ${format.duration(seconds ?? 0)}. Both sides are equal.`;
    if (t.equal === false) return `In ${format.duration(seconds ?? 0)}. The two sides differ.`;
    return `In ${format.duration(seconds ?? 0)}.`;
  }
  if (t.waits) return sentence(t.waits);
  if (t.want === 'cancel') return 'What is under way is being stopped.';
  if (t.state === 'pending') return 'It waits for its turn.';
  if (t.state === 'paused') return 'Copy streams stand still, sessions and snapshot are kept. Index builds that had begun go on.';
  const again = t.attempts > 1 ? ` Taken up again ${t.attempts === 2 ? 'once' : `${t.attempts - 1} times`}.` : '';
  return `For ${format.whole(seconds ?? 0)}.${again}`;
}

// doing is what a task of the events does.
export function doing(kind) {
  switch (kind) {
    case 'TABLE DATA': case 'BLOBS': return 'copying';
    case 'INDEX': case 'CONSTRAINT': return 'building';
    case 'ANALYZE': return 'analyzing';
    case 'VALIDATE': return 'validating';
    case 'FK CONSTRAINT': return 'adding';
    case 'MATERIALIZED VIEW DATA': return 'refreshing';
    default: return 'creating';
  }
}

// session is one that blocks or waits: pid 123 (psql, user bob, idle in transaction, query started 2 min 00 s ago).
export function session(b, now = Date.now()) {
  const facts = [];
  if (b.application) facts.push(b.application);
  if (b.user) facts.push(`user ${b.user}`);
  if (b.state) facts.push(b.state);
  const at = format.known(b.query_started_at);
  if (at) facts.push(`query started ${format.whole((now - at.getTime()) / 1000)} ago`);
  return `pid ${b.pid}${facts.length ? ` (${facts.join(', ')})` : ''}`;
}

// blockers says on which server who blocks.
export function blockers(list, now = Date.now()) {
  const servers = new Map();
  for (const b of list) servers.set(b.server, [...(servers.get(b.server) ?? []), b.ours ? `pid ${b.pid}, a session of this transfer, which will go on` : session(b, now)]);
  return [...servers].map(([server, all]) => `on the ${server}: blocked by ${all.slice(0, 3).join(', ')}${all.length > 3 ? ` and ${all.length - 3} more` : ''}`).join('; ');
}
