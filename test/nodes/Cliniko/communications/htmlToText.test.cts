import fc from 'fast-check';

import { htmlToText, isHtml } from '../../../../nodes/Cliniko/communications/htmlToText.ts';

it.each([
	['paragraphs', '<p>Dear Doctor,</p>\n<p>Thank you.</p>', 'Dear Doctor,\n\nThank you.'],
	['tags that are not closed', '<p>One<p>Two <b>three', 'One\n\nTwo three'],
	['line breaks', 'one<br>two<BR/>three', 'one\ntwo\nthree'],
	['an empty line as Gmail writes it', '<div>a</div><div><br></div><div>b</div>', 'a\n\nb'],
	['no more than one empty line', '<p>a</p><br><br><br><p>b</p>', 'a\n\nb'],
	['white space', '<p>  one\n\t two  <b> three</b> </p>', 'one two three'],
	['characters by name and number', 'caf&eacute; &amp; &#8364;5 &lt;3&nbsp;kg', 'café & €5 <3 kg'],
	[
		'a list',
		'Bring:<ul><li>card</li><li><p>letter</p></li><li></ul>end',
		'Bring:\n\n- card\n\n- letter\n\nend',
	],
	[
		'a table',
		'<table><tr><th>Day<th>Time<tr><td>Mon</td><td>9:00</td></tr></table>',
		'Day | Time\nMon | 9:00',
	],
	[
		'a link',
		'See <a href="https://x.example/a?b=1&amp;c=2">this page</a>.',
		'See this page (https://x.example/a?b=1&c=2).',
	],
	[
		'a link whose text is its address',
		'<a href="https://x.example/">x.example</a> <a href="mailto:a@b.example">a@b.example</a>',
		'x.example a@b.example',
	],
	['a link to a number', '<a href="tel:+61400000000">Call us</a>', 'Call us (+61400000000)'],
	['a link to a place in the text', '<a href="#top">Top</a> <a name="top">Title</a>', 'Top Title'],
	[
		'what nobody sees',
		'<head><title>T</title><style>p{}</style></head><!-- c --><script>x()</script><p>Seen</p>',
		'Seen',
	],
	[
		'text after a head that is not closed',
		'<html><head><style>p{}</style><body><p>Seen</p>',
		'Seen',
	],
	['a comment for Outlook', '<!--[if mso]><p>Outlook</p><![endif]--><p>Seen</p>', 'Seen'],
	['text as it is', '<pre>a\n  b</pre>', 'a\n  b'],
	['a sign that is no tag', '<p>BP < 120, HR > 60</p>', 'BP < 120, HR > 60'],
	['nothing', '', ''],
])('shows %s', (_what, html, text) => {
	expect(htmlToText(html)).toBe(text);
});

it.each([
	'BP < 120 and HR > 60',
	'On Monday Jane <jane@mail.example> wrote:',
	'<https://x.example>',
	'a <- b -> c',
	'if a<b then c>d',
])('takes %s for text', (text) => {
	expect(isHtml(text)).toBe(false);
});

it.each(['<p>x</p>', 'a<br>b', '<!DOCTYPE html><x>', '<a href="#">x</a>', '<div dir="ltr">x'])(
	'takes %s for HTML',
	(text) => {
		expect(isHtml(text)).toBe(true);
	},
);

const words = fc
	.array(fc.stringMatching(/^[A-Za-z0-9äöüß€.,:;!?'"()%+=&<>/-]{1,12}$/), { minLength: 1 })
	.map((list) => list.join(' '));

const escaped = (text: string) =>
	text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');

it('keeps every text whose signs were written for HTML', () => {
	fc.assert(
		fc.property(fc.array(words, { minLength: 1, maxLength: 5 }), (paragraphs) => {
			const html = paragraphs.map((one) => `<p>${escaped(one)}</p>`).join('');
			expect(htmlToText(html)).toBe(paragraphs.join('\n\n'));
		}),
	);
});

it('always comes to an end, and gives no more characters than it got, besides marks', () => {
	fc.assert(
		fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (any) => {
			expect(htmlToText(any).length).toBeLessThanOrEqual(2 * any.length);
		}),
	);
});
