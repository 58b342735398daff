import fc from 'fast-check';

import { samePhoneNumber } from '../../../../nodes/Cliniko/find/phoneNumber.ts';

/** Numbers of the countries that Cliniko's clinics are in, without the 0 in front. */
const number = fc
	.constantFrom(
		['61', '4', 8],
		['61', '2', 8],
		['64', '21', 6],
		['64', '3', 7],
		['44', '7', 9],
		['44', '20', 8],
		['353', '87', 7],
		['1', '415', 7],
	)
	.chain(([country, begin, length]) =>
		fc
			.array(fc.integer({ min: 0, max: 9 }), {
				minLength: Number(length),
				maxLength: Number(length),
			})
			.map((digits) => ({ country: String(country), national: `${begin}${digits.join('')}` })),
	);

/** Puts spaces, hyphens and brackets into a number. */
const written = (digits: string) =>
	fc
		.array(fc.constantFrom('', '', '', ' ', '-', '.', ' ('), { minLength: 20, maxLength: 20 })
		.map((gaps) => [...digits].map((digit, at) => `${digit}${gaps[at] ?? ''}`).join(''));

const writings = ({ country, national }: { country: string; national: string }) =>
	fc
		.constantFrom(
			`+${country}${national}`,
			`00${country}${national}`,
			`${country === '1' ? '' : '0'}${national}`,
			`${country}${national}`,
		)
		.chain((digits) => written(digits));

it('a number is the same in all its writings', () => {
	fc.assert(
		fc.property(
			number.chain((one) => fc.tuple(writings(one), writings(one))),
			([a, b]) => samePhoneNumber(a, b),
		),
	);
});

it('numbers that differ in a digit are never the same', () => {
	fc.assert(
		fc.property(
			number.chain((one) =>
				fc.tuple(
					writings(one),
					fc.integer({ min: 3, max: one.national.length - 1 }).chain((at) => {
						const digit = String((Number(one.national[at]) + 1) % 10);
						const national = `${one.national.slice(0, at)}${digit}${one.national.slice(at + 1)}`;
						return writings({ ...one, national });
					}),
				),
			),
			([a, b]) => !samePhoneNumber(a, b),
		),
	);
});
