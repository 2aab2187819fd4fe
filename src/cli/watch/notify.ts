import type { Notification } from '../../io/notify/notifier.ts';
import type { ChangeEvent } from '../../output/change-event.ts';
import { toChangeEvents, toPushesEvent } from '../../output/change-event.ts';
import type { Notify } from '../../watch/announcements.ts';
import type { NotifyFormat } from './flags.ts';
import type { toWatchSettings } from './settings.ts';

/** What the watcher does → what is posted. */
export function toNotify(
  add: (events: readonly Notification[]) => void,
  { notify, pages, watcher: { cluster } }: ReturnType<typeof toWatchSettings>,
): Notify {
  const options = { cluster, pages };
  const post = (events: readonly ChangeEvent[]) =>
    add(events.map((event) => ({ id: event.id, body: toBody(event, notify?.format ?? 'json') })));
  return {
    committed: (commit, models) => post(toChangeEvents(commit, models, options)),
    pushes: (tip, trouble) => post([toPushesEvent(tip, trouble, options)]),
  };
}

/** Slack documents `text`, and not what it does with fields that it does not know. */
function toBody(event: ChangeEvent, format: NotifyFormat): string {
  if (format === 'json') return JSON.stringify(event);
  const { text, link } = event;
  return JSON.stringify({ text: link === undefined ? text : `${text}\n${link}` });
}
