// The frame around the views: who is signed in, where one is, and what is shown there.

import { el, put, say, text } from './dom.js';
import { keep, me, token, whenExpired, who } from './session.js';
import databases from './view/databases.js';
import fresh from './view/new.js';
import list from './view/list.js';
import login from './view/login.js';
import schedules from './view/schedules.js';
import transfer from './view/transfer.js';

const views = [
  { path: /^\/$/, show: list, nav: '/' },
  { path: /^\/new$/, show: fresh, nav: '/new' },
  { path: /^\/schedules$/, show: schedules, nav: '/schedules' },
  { path: /^\/databases$/, show: databases, nav: '/databases' },
  { path: /^\/transfers\/([^/]+)$/, show: transfer, nav: '/' },
];

const main = document.getElementById('main');
const top = document.getElementById('top');

const links = [['/', 'Transfers'], ['/schedules', 'Schedules'], ['/databases', 'Databases'], ['/new', 'New transfer']]
  .map(([href, name]) => el('a', { href, class: href === '/new' ? 'primary operate' : null, 'aria-label': href === '/new' ? name : null },
    ...(href === '/new' ? ['New', el('span', { class: 'alt' }, ' transfer')] : [name])));
const out = el('button', { type: 'button', class: 'plain', onclick: () => signOut() }, 'Sign out');
const whose = el('span', { class: 'context' });
const nav = el('nav', { 'aria-label': 'Main' }, ...links);
top.append(el('a', { href: '/', class: 'brand' }, el('span', { class: 'logo', 'aria-hidden': 'true' }), 'pgsluice'), nav, whose, out);

let shown = null; // the view in place: {title, stop}

// show puts the view of the present path in place. focus moves to its heading, so that a screen reader reads on there; not at the first
// one, which the browser reads itself.
function show({ focus }) {
  shown?.stop?.();
  const signedIn = token() !== null;
  nav.hidden = out.hidden = whose.hidden = !signedIn;
  identify();
  const view = views.find((v) => v.path.test(location.pathname)) ?? views[0];
  for (const link of links) put(link, 'aria-current', signedIn && view.nav === link.getAttribute('href') ? 'page' : null);
  main.replaceChildren();
  const argument = view.path.exec(location.pathname)?.[1];
  shown = signedIn ? view.show(main, { argument: argument && decodeURIComponent(argument), go }) : login(main, { onDone: () => show({ focus: true }) });
  document.title = `${shown.title} · pgsluice`;
  say('');
  if (!focus) return;
  scrollTo(0, 0);
  const heading = main.querySelector('h1');
  heading?.setAttribute('tabindex', '-1');
  (main.querySelector('input[type=password]') ?? heading ?? main).focus({ preventScroll: true });
}

// identify says whose token it is, and hides what it may not do.
function identify() {
  const { name, operates } = me();
  text(whose, name && !operates ? `${name}, may look only` : name);
  document.documentElement.classList.toggle('reader', !operates);
}

// go shows another path.
function go(path) {
  history.pushState(null, '', path);
  show({ focus: true });
}

function signOut() {
  keep(null);
  show({ focus: true });
}

document.addEventListener('click', (event) => {
  const link = event.target.closest('a[href^="/"]');
  if (!link || link.hasAttribute('download') || event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  go(link.getAttribute('href'));
});
document.querySelector('.skip').addEventListener('click', (event) => {
  event.preventDefault();
  main.focus();
});
addEventListener('popstate', () => show({ focus: true }));
whenExpired(() => {
  if (token() === null) return;
  keep(null);
  show({ focus: true });
});
show({ focus: false });
if (token() !== null) who().then(identify, () => {});
