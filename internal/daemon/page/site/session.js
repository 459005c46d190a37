// The token, and requests with it. The token lies in the tab's sessionStorage: it goes with the tab, and to no other site.

const key = 'pgsluice.token';
const roleKey = 'pgsluice.role';

export const token = () => sessionStorage.getItem(key);

export function keep(value) {
  if (value) sessionStorage.setItem(key, value);
  else sessionStorage.clear();
}

// Refused is an answer that is not the one that was asked for.
export class Refused extends Error {
  constructor(status, message, fields = []) {
    super(message);
    this.status = status;
    this.fields = fields; // {location, message} of what was wrong with the request
  }
}

// who asks the daemon who the token is, and remembers it: {name, role}.
export async function who(options) {
  const found = await call('GET', '/token', undefined, options);
  sessionStorage.setItem(roleKey, JSON.stringify({ name: found.name, role: found.role }));
  return me();
}

// me is what is remembered of the token. What it may not do, the page does not offer; the daemon would refuse it anyway.
export function me() {
  const found = JSON.parse(sessionStorage.getItem(roleKey) ?? '{}');
  return { name: found.name ?? '', operates: found.role === 'operate' };
}

const words = {
  0: 'The daemon can’t be reached.',
  401: 'This token is not known to the daemon, or no more.',
  403: 'This token may look, but not change anything.',
  404: 'The daemon knows nothing of that name.',
  413: 'That is more than the daemon reads.',
  429: 'The daemon has too many requests at the moment.',
};

export const headers = (more = {}) => (token() ? { Authorization: `Bearer ${token()}`, ...more } : more);

// refusal turns an answer into a Refused: the detail that RFC 9457 gives, or our own words.
export async function refusal(answer) {
  let problem = {};
  if ((answer.headers.get('Content-Type') ?? '').includes('json')) problem = await answer.json().catch(() => ({}));
  const fields = Array.isArray(problem.errors) ? problem.errors : [];
  const spoken = problem.detail || problem.title || `The daemon answered ${answer.status} ${answer.statusText}.`;
  return new Refused(answer.status, answer.status === 401 || answer.status === 403 ? words[answer.status] : sentence(spoken), fields);
}

// sentence begins a message large and ends it with a stop.
export function sentence(message) {
  const m = message.trim();
  if (m === '') return '';
  return m[0].toUpperCase() + m.slice(1) + (/[.!?]$/.test(m) ? '' : '.');
}

// call asks the API. It returns what the answer holds, undefined if that is nothing, and throws a Refused.
export async function call(method, path, body, { signal, signingIn = false } = {}) {
  let answer;
  try {
    answer = await fetch(`/v1${path}`, {
      method,
      signal,
      headers: headers(body === undefined ? { Accept: 'application/json' } : { Accept: 'application/json', 'Content-Type': 'application/json' }),
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: 'same-origin',
      redirect: 'error',
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Refused(0, words[0]);
  }
  if (answer.status === 401 && !signingIn) expired();
  if (!answer.ok) throw await refusal(answer);
  if (answer.status === 204) return undefined;
  return answer.json();
}

let onExpired = () => {};

// whenExpired says what is to be done when the daemon does not take the token any more.
export function whenExpired(f) {
  onExpired = f;
}

export const expired = () => onExpired();
