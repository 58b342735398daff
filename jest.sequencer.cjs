const { default: Sequencer } = require('@jest/test-sequencer');

/**
 * The files that take longest begin first; otherwise a run would end by waiting for one of them alone.
 * Jest knows by itself only how long they took the last time, and on a clean clone there is none.
 */
const LONGEST = [
	// End to end. The first two need a quiet machine.
	...['intake.e2e', 'try.e2e', 'hosts.e2e', 'examples.e2e', 'privacy.e2e', 'queue-mode.e2e'],
	...[
		'patient-faults',
		'secrets',
		'engine/faults',
		'download',
		'case-links',
		'case-faults',
		'once',
	],
	...['load', 'patient-changes', 'communications', 'alerts', 'tries', 'interleavings', 'deadline'],
];

module.exports = class extends Sequencer {
	sort(tests) {
		const rank = ({ path }) => {
			const at = LONGEST.findIndex((part) => path.includes(part));
			return at < 0 ? LONGEST.length : at;
		};
		return [...super.sort(tests)].sort((a, b) => rank(a) - rank(b));
	}
};
