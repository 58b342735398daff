import fc from 'fast-check';
import type { IDataObject } from 'n8n-workflow';

import { newMemo } from '../../../../nodes/Cliniko/communications/memo.ts';
import { FakeCliniko, reply } from '../connection.cts';

const { api } = new FakeCliniko(() => reply(500));

/** What becomes of a record where this content was sent, as an SMS that was received. */
function matchOf(content: string, record: IDataObject, more: IDataObject = {}): string {
	const memo = { type_code: 1, direction_code: 2, content, ...more };
	return newMemo(api, '1', memo, 0).match({ id: '2', ...record });
}

const escaped = (text: string) =>
	text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');

const TEXT = 'Subject: Results\n\nBP < 120, see <lab@x.example>.\nRegards';

it.each([
	['the same', TEXT],
	['other line ends', TEXT.replace(/\n/g, '\r\n')],
	['no spaces at the ends, and single ones', ` ${TEXT.replace(/\n+/g, ' ')} `],
	['signs written for HTML', escaped(TEXT)],
	['HTML', `<div><p>${escaped(TEXT).replace(/\n/g, '<br />')}</p></div>`],
	['HTML with bare signs', `<p>${TEXT.replace(/\n/g, '<br>')}</p>`],
])('takes a record for its own that has %s', (_what, content) => {
	expect(matchOf(TEXT, { content })).toBe('ours');
});

it('takes a record for its own that has no emoji', () => {
	expect(matchOf('Feeling better 🙂', { content: 'Feeling better' })).toBe('ours');
});

it.each([
	['without what looks like a tag', TEXT, TEXT.replace(/<[^<>]*>/, '')],
	['up to the first sign', TEXT, TEXT.split('<')[0]],
	['cut short', TEXT, TEXT.slice(0, 20)],
	['with a line more', TEXT, `${TEXT}\nSent by n8n`],
	['below a line more', TEXT, `Memo by n8n\n${TEXT}`],
	['without its end, in a writing without spaces', '今天下午三点有空吗', '今天下午三点'],
	['with more, in a writing without spaces', '今天下午三点', '今天下午三点有空吗'],
	['written for HTML twice', TEXT, escaped(escaped(TEXT))],
	['with other quotation marks', 'She said "no"', 'She said “no”'],
	['with another sign', 'HIV -', 'HIV +'],
	['in capitals', 'ok', 'OK'],
	['in other digits', '10²', '102'],
	['with a space less', '1 1/2 tablets', '11/2 tablets'],
	['as nothing', TEXT, ''],
	['as null', TEXT, null],
	['as an object', TEXT, {}],
	['as another emoji', '👍', '👎'],
	['as nothing, in place of an emoji', '👍', ''],
	['with another emoji beside words', 'Exercises 👍', 'Exercises 👎'],
	['with another arrow', 'CRP ↗', 'CRP ↘'],
])('leaves open what a record is that shows the text %s', (_what, sent, content) => {
	expect(matchOf(sent, { content })).toBe('maybe');
});

it.each([
	['of another text', TEXT, { content: 'Please call me back about Tuesday' }],
	['that shares some words', TEXT, { content: 'Please call me about the results, regards' }],
	['of words, not an emoji', '👍', { content: 'Thank you' }],
	['of another text and type', TEXT, { content: TEXT.slice(0, 20), type_code: 2 }],
	['of another category', TEXT, { content: TEXT, category_code: 3 }],
])('does not take a record for its own %s', (_what, sent, record) => {
	expect(matchOf(sent, record)).toBe('other');
});

it.each([
	['of another type', { type_code: 2 }],
	['in the other direction', { direction_code: 1 }],
	['that is confidential', { confidential: true }],
])('leaves open whose a record of the same text is %s', (_what, record) => {
	expect(matchOf(TEXT, { content: TEXT, ...record })).toBe('maybe');
});

it.each([
	['the same address', { from: 'Jane@x.example' }, 'ours'],
	['no address', { from: null }, 'ours'],
	['another address', { from: 'joe@x.example' }, 'maybe'],
	['another number', { from: 'jane@x.example', to: '+61 400 000 000' }, 'maybe'],
])('compares from and to: %s', (_what, record, match) => {
	const sent = { from: 'jane@x.example', to: '0400 000 000' };
	expect(matchOf('OK', { content: 'OK', ...record }, sent)).toBe(match);
});

it('knows every text again that Cliniko has made HTML of', () => {
	const text = fc.stringMatching(/^[A-Za-zäß0-9 \n<>&;'"#=/!?@.-]{1,60}$/);
	fc.assert(
		fc.property(text, (any) => {
			const content = `<p>${escaped(any).replace(/\n/g, '<br>')}</p>`;
			expect(matchOf(any, { content })).toBe('ours');
		}),
	);
});
