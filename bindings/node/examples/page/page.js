// Judges the event in the form each time it changes.
import { InvalidEvent, Policy } from 'tidegate';
import module from './policy/policy.js';

const byId = (id) => document.getElementById(id);
const form = document.querySelector('form');

try {
  const policy = await Policy.from(module);
  const { name, version, eventTypes } = policy.catalog();
  byId('policy').textContent = `Judged in this page by ${name} ${version}, as you type. Nothing is sent.`;
  offer(eventTypes.filter(({ accepted }) => accepted));
  form.addEventListener('submit', (submitted) => submitted.preventDefault());
  byId('event').addEventListener('input', () => judge(policy));
  byId('example').addEventListener('change', () => fill(policy));
  fill(policy);
  byId('example').disabled = false;
  byId('event').disabled = false;
} catch (error) {
  byId('policy').textContent = `The policy could not be loaded: ${error.message}`;
}

/** Fills the list of examples: one for each version of each type. */
function offer(eventTypes) {
  for (const { name, versions } of eventTypes) {
    for (const { version, example } of versions) {
      byId('example').append(new Option(`${name} ${version}`, example));
    }
  }
}

/** Puts the example into the form. The browser formats it, which is safe for its small numbers. */
function fill(policy) {
  byId('event').value = JSON.stringify(JSON.parse(byId('example').value), null, 2);
  judge(policy);
}

function judge(policy) {
  try {
    const { eventId, eventType, eventVersion, key } = policy.validate(byId('event').value);
    show('valid', 'Valid', { Type: eventType, Version: eventVersion, Id: eventId, Key: key ?? 'none' }, []);
  } catch (error) {
    if (!(error instanceof InvalidEvent)) {
      show('fault', `The policy failed: ${error.message}`, {}, []);
      return;
    }
    const { violations } = error;
    const count = violations.length === 1 ? '1 violation' : `${violations.length} violations`;
    show('invalid', `Not valid: ${count}`, {}, violations);
  }
}

function show(state, title, facts, violations) {
  document.querySelector('section').className = state;
  byId('event').setAttribute('aria-invalid', String(state === 'invalid'));
  byId('title').textContent = title;
  const pairs = Object.entries(facts).map(([name, fact]) => {
    const pair = element('div');
    pair.append(element('dt', name), element('dd', fact));
    return pair;
  });
  byId('accepted').replaceChildren(...pairs);
  byId('violations').replaceChildren(
    ...violations.map(({ code, path, message }) => {
      const item = element('li');
      const place = path === '' ? element('em', 'the whole event') : element('code', path);
      item.append(place, element('span', message), element('small', code));
      return item;
    }),
  );
}

function element(name, text = '') {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}
