const { TestEnvironment } = require('jest-environment-node');

/**
 * Makes the `-t` pattern available to tests, so that a suite need not prepare tests that do not
 * run.
 */
module.exports = class extends TestEnvironment {
	handleTestEvent(event, state) {
		if (event.name === 'run_start') this.global.testNamePattern = state.testNamePattern;
	}
};
