import fc from 'fast-check';

import { htmlToText, isHtml } from '../../../../../nodes/Cliniko/communications/html/htmlToText.ts';

it.each([
	['paragraphs', '<p>Dear Doctor,</p>\n<p>Thank you.</p>', 'Dear Doctor,\n\nThank you.'],
	['tags that are not closed', '<p>One<p><span>Two <font color="red">three', 'One\n\nTwo three'],
	[
		'words that are elements, too',
		'<p>One <b>two, <link>, <Mark Jones>',
		'One <b>two, <link>, <Mark Jones>',
	],
	[
		'a script that a person needs',
		'<p>I need a <script> for warfarin. <title> I am allergic</p>',
		'I need a <script> for warfarin. <title> I am allergic',
	],
	[
		'a script that a person needs beside one that runs',
		'<script>x()</script><p>I need a <script> for warfarin</p>',
		'I need a <script> for warfarin',
	],
	['an end tag before its begin', '</b> choose <b> or </b', 'choose <b> or </b'],
	[
		'identifiers',
		'<p><id:abc123> <dr:smith> <body aches></p>',
		'<id:abc123> <dr:smith> <body aches>',
	],
	['a comment without an end', '<p>a <!-- b</p>', 'a <!-- b'],
	['a comment that ends as browsers allow', '<p>a<!-- x --!>b</p>', 'ab'],
	['a link without a scheme', '<a href="//x.example/a">here</a>', 'here (//x.example/a)'],
	[
		'numbers at the edges of blocks apart',
		'<summary>Day 1</summary>5 mg<fieldset><legend>Week 1</legend>2 tablets</fieldset>1<aside>0 tablets</aside>',
		'Day 1\n5 mg\nWeek 1\n2 tablets\n1\n0 tablets',
	],
	[
		'numbers at the edges of pictures and styled blocks apart',
		'Dose 1<img src="x">5 mg <span style="display:block">Dose 10</span>5 times',
		'Dose 1 5 mg\nDose 10\n5 times',
	],
	['lines that a style keeps', '<p style="white-space: pre-wrap">a\n  b</p>', 'a\n  b'],
	[
		'items that are counted in other ways',
		'<ol type="a"><li>x</li><li value="28">y<li>w</ol><ol style="list-style-type: upper-roman" start="4"><li>z</li></ol><ol type="i" start="49"><li>v</ol>',
		'a. x\nab. y\nac. w\n\nIV. z\n\nxlix. v',
	],
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
	[
		'a list with numbers',
		'<ol><li>Rest</li><li>Ice<ul><li>20 min</li></ul></li><li>Lift</li></ol><ol start="5"><li>Call</li></ol>',
		'1. Rest\n2. Ice\n\n- 20 min\n\n3. Lift\n\n5. Call',
	],
	[
		'an empty cell at the beginning of a row',
		'<table><tr><td></td><td>Dose</td></tr><tr><td></td><td></td><td>9:00</td></tr></table>',
		'| Dose\n| | 9:00',
	],
	['an empty cell within a row', '<tr><td>a</td><td></td><td>c</td><td></td></tr>', 'a | | c'],
	[
		'cells as Outlook writes them',
		'<tr><td><p>Hb</p></td><td><p>&nbsp;</p></td><td><p>12</p></td></tr><tr><td><p></p></td><td><p>d</p></td><td>e</td></tr><tr><td>f</td><td><p>g</p><p>h</p></td></tr>',
		'Hb | | 12\n| d | e\nf | g / h',
	],
	[
		'cells as Gmail writes them',
		'<tr><td>a<br></td><td><br></td><td>c</td></tr><tr><td><br></td><td>e</td></tr>',
		'a | | c\n| e',
	],
	[
		'tables in a cell',
		'<table><tr><td><table><tr><td>a</td><td>b</td></tr></table></td><td>c</td></tr></table>d',
		'a | b\n\nc\n\nd',
	],
	[
		'quotations of quotations',
		'<p>See below</p><blockquote><p>Any allergies?</p><blockquote>Which ones?</blockquote><p>Nuts</p></blockquote><p>None</p>',
		'See below\n\n> Any allergies?\n\n> > Which ones?\n\n> Nuts\n\nNone',
	],
	[
		'lines of several cells side by side',
		'<table><tr><td>Metformin<br>Aspirin</td><td><p>500 mg</p><p>100 mg</p></td></tr></table>',
		'Metformin / Aspirin | 500 mg / 100 mg',
	],
	[
		'cells that take several columns or rows',
		'<table><tr><td rowspan="2">Warfarin</td><td>Mon</td><td>5 mg</td></tr><tr><td>Tue</td><td>6 mg</td></tr><tr><td colspan="2">All</td><td>7 mg</td></tr></table>',
		'Warfarin | Mon | 5 mg\n| Tue | 6 mg\nAll | | 7 mg',
	],
	[
		'one value of a row in its column',
		'<table><tr><td>a</td><td>b</td></tr><tr><td></td><td>x</td></tr></table>',
		'a | b\n| x',
	],
	[
		'a table that only lays out a page',
		'<table><tr><td><p>Dear Jane,</p><p>see you.</p></td></tr></table>',
		'Dear Jane,\n\nsee you.',
	],
	[
		'an answer below a quotation as the answer',
		'<blockquote><pre>Warfarin?\n</pre></blockquote><p>Yes.</p><blockquote><pre>a\n<b>b</b></pre></blockquote>',
		'> Warfarin?\nYes.\n\n> a\n> b',
	],
	['what a style raises', '10<span style="vertical-align:super">9</span>/L', '10^9/L'],
	['what Excel says is not struck out', '<p style="text-line-through:none">500 mg</p>', '500 mg'],
	[
		'numbers side by side apart',
		'<input value="12"><input value="8"> <b style="display:inline-block">5</b><b style="display:inline-block">10</b> <div style="display:flex"><span>1</span><span>2</span></div>',
		'12 8 5 10\n1 2',
	],
	[
		'lines of a text with a few tags',
		'Pain: 5<br>\n10 tablets\n<b>daily</b>',
		'Pain: 5\n10 tablets\ndaily',
	],
	[
		'signs that are pictures',
		'Pain: <img alt="7️⃣"> of 10 <img alt="🇦🇺"> <img alt=":)"> <img alt="The logo">!',
		'Pain: 7️⃣ of 10 🇦🇺 :) !',
	],
	[
		'the ticks of a list',
		'<ol><li data-list="checked">Asthma</li><li data-list="unchecked">Gout</li></ol>',
		'[x] Asthma\n[ ] Gout',
	],
	['a list that is not counted', '<ul style="list-style:none"><li>2.50</li></ul>', '2.50'],
	[
		'a list with an absurd number',
		'<ol type="a" start="1e309"><li>x<li value="1.5">y</ol>',
		'0. x\n1.5. y',
	],
	[
		'the lines of a field',
		'<p><textarea>Metformin 500\n2 daily</textarea></p>',
		'Metformin 500\n2 daily',
	],
	['parts of the body', '<p>Pain: <head> and <body></p>', 'Pain: <head> and <body>'],
	['text as it is in a quotation', '<blockquote><pre>a\n  b</pre></blockquote>', '> a\n>   b'],
	[
		'the answers of a form',
		'<p><input type="checkbox" checked> Asthma <input type=radio> None <input name="a" value="Nuts"><input type="hidden" value="x"></p><select><option>Yes<option selected>No</select>',
		'[x] Asthma [ ] None Nuts\n\n[ ] Yes\n[x] No',
	],
	['an emoji that is a picture', '<p>Yes <img alt="👍" src="x"><img alt="Logo"></p>', 'Yes 👍'],
	['an attribute with signs', '<p title="a<b>c">x</p>', 'x'],
	[
		'attributes without a value',
		'<table border><tr><td nowrap data-x valign=top bgcolor="#fff">x</td></tr></table>',
		'x',
	],
	[
		'a link in a list and in a cell',
		'<li><a href="https://x.example">x.example</a></li><tr><td>1<td><a href="tel:12">12</a></tr>',
		'- x.example\n1 | 12',
	],
	[
		'raised numbers apart',
		'<p>5 x 10<sup>9</sup>/L, 10<sup><b>-3</b></sup>, 10<sup>&minus;4</sup>, 10<sup>–9</sup>, the 1<sup>st</sup>, the 2<sup>nd</sup> 3, 2<sup></sup>0</p>',
		'5 x 10^9/L, 10^-3, 10^−4, 10^–9, the 1st, the 2nd 3, 20',
	],
	[
		'what is struck out as such',
		'<p>Dose <s>50 mg</s> 25 mg, <span style="text-decoration: line-through">daily</span> weekly</p>',
		'Dose [struck out: 50 mg] 25 mg, [struck out: daily] weekly',
	],
	[
		'what is no tag',
		'<p>Jane <jane@mail.example>, <b@x.example>, <https://x.example/?a=1>: pain <walking far, HR <low></p>',
		'Jane <jane@mail.example>, <b@x.example>, <https://x.example/?a=1>: pain <walking far, HR <low>',
	],
	['a tag that does not end', '<p>I </3 it, and <b the rest', 'I </3 it, and <b the rest'],
	['tags of Office', '<p class=MsoNormal>a<o:p></o:p></p><?xml:namespace prefix = o />', 'a'],
	['a drawing', '<p>a<svg><path d="M0"/><text>b</text></svg></p>', 'a'],
	['text as it is', '<pre>a\n  b</pre><p>c\n  d</p>', 'a\n  b\n\nc d'],
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
	'choose <a> or <b>',
	'<id:abc123> <body aches> <Mark Jones>',
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

/** What people write in angle brackets, and as less than. */
const signs = fc.constantFrom(
	'<jane@mail.example>',
	'<https://x.example/a>',
	'< 120',
	'<3',
	'<5mg',
	'<-',
);

const plainTexts = fc
	.array(fc.oneof(fc.stringMatching(/^[A-Za-zäß0-9€.,:;!?'"()%+=/-]{1,12}$/), signs), {
		minLength: 1,
	})
	.map((list) => list.join(' '));

it('takes no plain text for HTML', () => {
	fc.assert(fc.property(plainTexts, (text) => expect(isHtml(text)).toBe(false)));
});

it('keeps every plain text that stands in HTML as people wrote it', () => {
	fc.assert(
		fc.property(plainTexts, (text) => expect(htmlToText(`<div><p>${text}</p></div>`)).toBe(text)),
	);
});

it('always comes to an end, and gives not many more characters than it got', () => {
	fc.assert(
		fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (any) => {
			expect(htmlToText(any).length).toBeLessThanOrEqual(6 * any.length);
		}),
	);
});

it.each([
	['of words', 'It still hurts when I walk. '],
	['of spaces that do not break', '&nbsp;'],
	['of empty paragraphs', '<p> </p>'],
	['of tags without an end', '<a href="'],
	['of attributes without an end', '<a b='],
	['of links', '<a href="https://x.example/">'],
	['of comments without an end', '<!--'],
	['of signs', '<'],
	['of quotations in quotations', '<blockquote>a'],
	['of cells in cells', '<table><tr><td>a'],
	['of wide cells', '<td colspan="99999" rowspan="99999">a'],
])('reads a very long text %s', (_what, part) => {
	const html = part.repeat(200_000 / part.length);
	expect(isHtml(html)).toBeDefined();
	expect(htmlToText(`<p>${html}</p>`)).toBeDefined();
});
