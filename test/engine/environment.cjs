const { TestEnvironment } = require('jest-environment-node');

/** Tells the tests which names `-t` asks for, so that a suite need not prepare the others. */
module.exports = class extends TestEnvironment {
	handleTestEvent(event, state) {
		if (event.name === 'run_start') this.global.testNamePattern = state.testNamePattern;
	}
};
